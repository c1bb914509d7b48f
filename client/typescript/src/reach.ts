import { Code, ConnectError } from "@connectrpc/connect";

type Fetch = typeof globalThis.fetch;

/**
 * A fetch whose failures to reach the service are UNAVAILABLE, as they are over
 * gRPC: fetch says no more than TypeError, which Connect passes on as UNKNOWN.
 */
export function reaching(fetch?: Fetch): Fetch {
  return async (...request) => {
    try {
      return await (fetch ?? globalThis.fetch)(...request);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw new ConnectError(`the service was not reached: ${why(cause)}`, Code.Unavailable, undefined, undefined, cause);
    }
  };
}

// Node hides what happened in the cause.
function why(error: TypeError): string {
  return error.cause instanceof Error && error.cause.message ? error.cause.message : error.message;
}
