import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";

import { pauseAfter, sleep } from "./backoff.js";
import { retryDelay } from "./details.js";

/**
 * Repeats calls that the contract declares safe to repeat, while the service is
 * unavailable or asks for a repeat, and never beyond the call's deadline.
 */
export function withRetries(inner: Transport, retries: number): Transport {
  return {
    stream: inner.stream.bind(inner),
    async unary(method, signal, timeoutMs, ...rest) {
      if (retries === 0 || !safeToRepeat(method)) return inner.unary(method, signal, timeoutMs, ...rest);
      const deadline = timeoutMs && timeoutMs > 0 ? performance.now() + timeoutMs : Infinity;
      const left = () => deadline - performance.now();
      for (let failures = 1; ; failures++) {
        try {
          const timeout = deadline === Infinity ? timeoutMs : Math.max(1, Math.floor(left()));
          return await inner.unary(method, signal, timeout, ...rest);
        } catch (thrown) {
          const error = ConnectError.from(thrown);
          const pause = pauseAfter(error, failures, 100, 2_000);
          if (failures > retries || !worthRepeating(error) || pause >= left()) throw error;
          await sleep(pause, signal).catch((reason) => {
            throw ConnectError.from(reason, Code.Canceled);
          });
        }
      }
    },
  };
}

function safeToRepeat(method: DescMethod): boolean {
  return method.idempotency === Level.NO_SIDE_EFFECTS || method.idempotency === Level.IDEMPOTENT;
}

// What is too large is RESOURCE_EXHAUSTED as well, and stays too large: only
// where the service says when, a repeat can help.
function worthRepeating(error: ConnectError): boolean {
  return error.code === Code.Unavailable || (error.code === Code.ResourceExhausted && retryDelay(error) !== undefined);
}
