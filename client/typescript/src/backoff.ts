import { ConnectError } from "@connectrpc/connect";

import { retryDelay } from "./details.js";

/**
 * How long to wait before repeating what failed `failures` times: anything up to
 * first × 2^(failures−1), at most `longest`, so that many callers do not come back
 * at once; and beyond that what the service asked for.
 */
export function pauseAfter(error: ConnectError, failures: number, first: number, longest: number): number {
  return Math.ceil((retryDelay(error) ?? 0) + Math.random() * Math.min(longest, first * 2 ** (failures - 1)));
}

/** Waits, or rejects with the signal's reason as soon as that is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
