// The live feed as the pages see it: the newest assessments, how many come a
// second, and how the connection does. One stream a tab, and none while the tab
// is hidden: over HTTP/1.1 a browser has six connections to a server for all
// tabs together.
import { create, equals } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  FilterSchema,
  watch,
  WatchFraudActivityRequestSchema,
  type Filter,
  type FraudActivity,
  type FraudClient,
  type Outcome,
  type WatchFraudActivityResponse,
} from "@grpcgoesbrrr/client";

export type Status = "off" | "hidden" | "connecting" | "open" | "reconnecting";

/** One second of the feed. */
export interface Second {
  /** Seconds since 1970. */
  at: number;
  assessed: number;
  flagged: number;
}

export interface FeedState {
  status: Status;
  /** Why the connection was lost, while it is. */
  error?: unknown;
  /** The newest first, at most `kept`. */
  rows: FraudActivity[];
  /** The last minute, the oldest first; seconds without any are not there. */
  seconds: Second[];
  /** How long answers of the server take. */
  answerTime?: Duration;
  /** How many came since the feed began, shown or left out. */
  total: number;
  /** When it began, in seconds since 1970. */
  since: number;
}

const kept = 200;
const remembered = 60;
/** More rows a second than anybody reads; the others are counted. */
const rowsPerSecond = 20;
/** Pages show what is new so many times a second. */
const framesPerSecond = 4;

const thisSecond = (): number => Math.floor(Date.now() / 1000);

const nothing = { rows: [], seconds: [], total: 0 };

export class Feed {
  private state: FeedState = { ...nothing, status: "off", since: thisSecond() };
  private seen = new Set<() => void>();
  private heard = new Set<(what: FraudActivity | Outcome) => void>();
  private frame: ReturnType<typeof setTimeout> | undefined;
  private running: AbortController | undefined;
  private filter: Filter = create(FilterSchema);
  private cursor = "";

  constructor(private readonly client: FraudClient) {}

  /** For React's useSyncExternalStore. */
  subscribe = (seen: () => void): (() => void) => {
    this.seen.add(seen);
    return () => this.seen.delete(seen);
  };

  now = (): FeedState => this.state;

  /** Calls heard with everything that comes, at once. Returns how to end that. */
  listen(heard: (what: FraudActivity | Outcome) => void): () => void {
    this.heard.add(heard);
    return () => this.heard.delete(heard);
  }

  /** Shows another part of the feed, from now on. */
  narrow(filter: Filter): void {
    if (equals(FilterSchema, filter, this.filter)) return;
    this.filter = filter;
    this.cursor = "";
    this.state = { ...this.state, ...nothing, since: thisSecond() };
    if (this.running) this.start();
    this.show();
  }

  start(): void {
    this.running?.abort();
    this.running = new AbortController();
    void this.follow(this.running.signal);
  }

  stop(status: "off" | "hidden"): void {
    this.running?.abort();
    this.running = undefined;
    this.set({ status, error: undefined });
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const request = create(WatchFraudActivityRequestSchema, {
      filter: this.filter, cursor: this.cursor, maxPerSecond: rowsPerSecond, outcomes: true,
    });
    try {
      const messages = watch(this.client, request, {
        signal,
        onState: (s) => {
          if (!signal.aborted) this.set({ status: s.state, error: s.state === "reconnecting" ? s.error : undefined });
        },
      });
      for await (const message of messages) this.take(message);
    } catch (error) {
      if (!signal.aborted) this.set({ status: "off", error });
    }
  }

  private take(message: WatchFraudActivityResponse): void {
    this.cursor = message.cursor;
    const { event } = message;
    const activity = event.case === "fraudActivity" ? event.value : undefined;
    const leftOut = Number(message.leftOut);
    const flagged = Number(message.leftOutFlagged) + (activity?.predictedLabel ? 1 : 0);
    const assessed = leftOut + (activity ? 1 : 0);
    let { rows, seconds, total } = this.state;
    if (assessed > 0) {
      seconds = count(seconds, thisSecond(), assessed, flagged);
      total += assessed;
    }
    if (activity) rows = [activity, ...rows].slice(0, kept);
    if (event.case === "outcome") rows = labelled(rows, event.value);
    this.state = { ...this.state, rows, seconds, total, answerTime: message.answerTime ?? this.state.answerTime };
    if (activity) for (const heard of this.heard) heard(activity);
    if (event.case === "outcome") for (const heard of this.heard) heard(event.value);
    this.frame ??= setTimeout(() => this.show(), 1000 / framesPerSecond);
  }

  private set(change: Partial<FeedState>): void {
    this.state = { ...this.state, ...change };
    this.show();
  }

  private show(): void {
    clearTimeout(this.frame);
    this.frame = undefined;
    for (const seen of this.seen) seen();
  }
}

/** Adds to the second `at`, and forgets those more than a minute before. */
export function count(seconds: Second[], at: number, assessed: number, flagged: number): Second[] {
  const last = seconds.at(-1);
  const now = last?.at === at
    ? { at, assessed: last.assessed + assessed, flagged: last.flagged + flagged }
    : { at, assessed, flagged };
  const before = last?.at === at ? seconds.slice(0, -1) : seconds;
  return [...before.filter((s) => s.at > at - remembered), now];
}

/** How many a second and how many of them flagged, over the last ten whole seconds of a feed. */
export function pace(seconds: Second[], since: number, now: number): { rate: number; assessed: number; flagged: number } {
  const recent = seconds.filter((s) => s.at >= now - 10 && s.at < now);
  const assessed = recent.reduce((sum, s) => sum + s.assessed, 0);
  return { rate: assessed / Math.min(10, Math.max(1, now - since)), assessed, flagged: recent.reduce((sum, s) => sum + s.flagged, 0) };
}

/** The rows with an outcome that was reported since. */
export function labelled(rows: FraudActivity[], outcome: Outcome): FraudActivity[] {
  return rows.map((row) =>
    row.transactionId === outcome.transactionId && row.assessment
      ? { ...row, assessment: { ...row.assessment, outcome } }
      : row,
  );
}
