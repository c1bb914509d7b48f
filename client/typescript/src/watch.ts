import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

import { pauseAfter, sleep } from "./backoff.js";
import type { FraudClient } from "./client.js";
import type { WatchFraudActivityRequestSchema, WatchFraudActivityResponse } from "./gen/fraudactivity/v1/service_pb.js";

/** What a feed is doing. `delayMs` passes before "connecting" again. */
export type WatchState =
  | { state: "connecting" }
  | { state: "open" }
  | { state: "reconnecting"; error: ConnectError; delayMs: number };

export interface WatchOptions {
  /** Ends the feed, quietly. */
  signal?: AbortSignal;
  /** Told of each change. */
  onState?: (state: WatchState) => void;
  /**
   * Milliseconds without a message after which a connection counts as dead: 12,000
   * if not given. The service sends a heartbeat every 5 seconds.
   */
  silenceMs?: number;
}

// Repeating cures none of these.
const lasting = new Set([Code.Unauthenticated, Code.PermissionDenied, Code.InvalidArgument, Code.Unimplemented]);

/**
 * Watches what is assessed, heartbeats included, for as long as it is read: it
 * reconnects by itself and resumes after the last message that was read. It throws
 * what repeating cannot cure, a ConnectError.
 *
 * To stop, leave the loop, which is noticed at the next message, or abort the
 * signal, which is noticed at once.
 */
export async function* watch(
  client: FraudClient,
  request: MessageInitShape<typeof WatchFraudActivityRequestSchema> = {},
  { signal, onState, silenceMs = 12_000 }: WatchOptions = {},
): AsyncGenerator<WatchFraudActivityResponse, void, void> {
  let cursor = request.cursor ?? "";
  for (let failures = 0; ; ) {
    if (signal?.aborted) return;
    onState?.({ state: "connecting" });
    const connection = open(client, { ...request, cursor }, silenceMs, signal);
    let error: ConnectError | undefined;
    try {
      for (let first = true; ; first = false) {
        const next = await connection.next();
        if ("error" in next) {
          error = next.error;
          break;
        }
        if (first) {
          failures = 0;
          onState?.({ state: "open" });
        }
        cursor = next.message.cursor || cursor;
        yield next.message;
      }
    } finally {
      connection.close();
    }
    if (signal?.aborted) return;
    if (lasting.has(error.code)) throw error;
    const delayMs = pauseAfter(error, ++failures, 500, 15_000);
    onState?.({ state: "reconnecting", error, delayMs });
    await sleep(delayMs, signal).catch(() => {}); // aborted: seen above
  }
}

type Next = { message: WatchFraudActivityResponse } | { error: ConnectError };

// open makes one connection, whose next() never throws: so that what the reader of
// the feed throws is not taken for a failure of the connection.
function open(
  client: FraudClient,
  request: MessageInitShape<typeof WatchFraudActivityRequestSchema>,
  silenceMs: number,
  signal: AbortSignal | undefined,
): { next(): Promise<Next>; close(): void } {
  const connection = new AbortController();
  const stop = () => connection.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const messages = client.watchFraudActivity(request, { signal: connection.signal })[Symbol.asyncIterator]();
  return {
    async next() {
      // Only while it is waited for: a slow reader is no silence.
      const silence = setTimeout(() => {
        connection.abort(new ConnectError(`no message came for ${silenceMs} ms`, Code.Unavailable));
      }, silenceMs);
      try {
        const next = await messages.next();
        if (!next.done) return { message: next.value };
        return { error: new ConnectError("the stream ended", Code.Unavailable) };
      } catch (thrown) {
        return { error: ConnectError.from(thrown) };
      } finally {
        clearTimeout(silence);
      }
    },
    close() {
      signal?.removeEventListener("abort", stop);
      connection.abort();
    },
  };
}
