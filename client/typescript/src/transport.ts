import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { createGrpcTransport } from "#grpc";

import { withDeadline } from "./deadline.js";
import { showKey, type Key } from "./key.js";
import { reaching } from "./reach.js";
import { withRetries } from "./retry.js";

/** How calls travel. The service speaks all three on one port. */
export type Protocol = "grpc-web" | "connect" | "grpc";

export interface FraudTransportOptions {
  /** Where the service is, such as https://fraud.example or, in a page that it serves, "/". */
  baseUrl: string;
  key?: Key;
  /** "grpc-web" if not given. "grpc" works in Node alone. */
  protocol?: Protocol;
  /** Milliseconds that a call may take, repeats included: 10,000 if not given, 0 for no limit. Streams have none. */
  timeoutMs?: number;
  /** How often a call that is safe to repeat is repeated at most: 3 if not given, 0 for never. */
  retries?: number;
  /** Instead of the global fetch. Not for "grpc", which does not use it. */
  fetch?: typeof globalThis.fetch;
  /** Run at every attempt, once the key is shown. */
  interceptors?: Interceptor[];
}

/** What a client, or a library such as connect-query, sends its calls through. */
export function createFraudTransport(options: FraudTransportOptions): Transport {
  const { timeoutMs = 10_000, retries = 3 } = options;
  atLeastZero("timeoutMs", timeoutMs);
  atLeastZero("retries", retries);
  return withDeadline(withRetries(wire(options), retries), timeoutMs);
}

function wire({ baseUrl, key, protocol = "grpc-web", fetch, interceptors = [] }: FraudTransportOptions): Transport {
  if (!baseUrl) throw new TypeError('baseUrl: must be given, such as "http://127.0.0.1:8080"');
  if (protocol === "grpc" && fetch) throw new TypeError('fetch: must not be given with protocol "grpc", which does not use it');
  const shared = { baseUrl, interceptors: [showKey(key), ...interceptors], fetch: reaching(fetch) };
  switch (protocol) {
    case "grpc-web":
      return createGrpcWebTransport(shared);
    case "connect":
      return createConnectTransport(shared);
    case "grpc":
      return createGrpcTransport(shared);
    default:
      throw new TypeError(`protocol: must be "grpc-web", "connect" or "grpc", not ${JSON.stringify(protocol)}`);
  }
}

function atLeastZero(name: string, value: number): void {
  if (!(value >= 0)) throw new RangeError(`${name}: must be at least 0, not ${value}`);
}
