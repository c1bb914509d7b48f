import type { Transport } from "@connectrpc/connect";

/** Gives calls that bring no deadline one of `timeoutMs`. Streams go on for as long as they are read. */
export function withDeadline(inner: Transport, timeoutMs: number): Transport {
  return {
    unary: (method, signal, own, ...rest) => inner.unary(method, signal, own ?? timeoutMs, ...rest),
    stream: inner.stream.bind(inner),
  };
}
