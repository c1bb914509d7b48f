import type { DescMethodUnary } from "@bufbuild/protobuf";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import { FraudActivityService, Permission } from "@grpcgoesbrrr/client";
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";
import { Feed, type FeedState } from "./feed";
import { useSession } from "./session";

const Context = createContext<Feed | undefined>(undefined);

/** The feed itself, to narrow it or listen to it. */
export function useFeedSource(): Feed {
  const feed = useContext(Context);
  if (!feed) throw new Error("there is no feed");
  return feed;
}

/** What the feed shows now. */
export function useFeed(): FeedState {
  const feed = useFeedSource();
  return useSyncExternalStore(feed.subscribe, feed.now);
}

/** Follows the feed while the tab is seen, and keeps the pages' answers fresh by it. */
export function FeedProvider({ children }: { children: ReactNode }) {
  const { client, may, refused } = useSession();
  const queries = useQueryClient();
  const feed = useMemo(() => new Feed(client), [client]);
  const reads = may(Permission.READ);
  useEffect(() => {
    if (!reads) return;
    const follow = () => (document.hidden ? feed.stop("hidden") : feed.start());
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      feed.stop("off");
    };
  }, [feed, reads]);
  useEffect(() => refreshBy(feed, queries), [feed, queries]);
  useEffect(() => feed.subscribe(() => refused(feed.now().error)), [feed, refused]);
  return <Context value={feed}>{children}</Context>;
}

const { method } = FraudActivityService;
const ofOne: DescMethodUnary[] = [method.getFraudActivity, method.listOutcomes];
const ofMany: DescMethodUnary[] = [method.listFraudActivity, method.summarizeFraudActivity];

/** At most so often are lists asked for anew, however much is reported. */
const restMs = 2000;

/** Asks anew for what an outcome has changed: its transaction at once, lists soon. */
function refreshBy(feed: Feed, queries: QueryClient): () => void {
  let rest: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const lists = () => {
    for (const schema of ofMany) void queries.invalidateQueries({ queryKey: keyOf(schema) });
    again = false;
    rest = setTimeout(() => {
      rest = undefined;
      if (again) lists();
    }, restMs);
  };
  const end = feed.listen((what) => {
    if (what.$typeName !== "fraudactivity.v1.Outcome") return;
    for (const schema of ofOne) {
      void queries.invalidateQueries({ queryKey: keyOf(schema), predicate: (query) => asksAbout(query.queryKey, what.transactionId) });
    }
    if (rest) again = true;
    else lists();
  });
  return () => {
    end();
    clearTimeout(rest);
  };
}

const keyOf = (schema: DescMethodUnary) => createConnectQueryKey({ schema, cardinality: undefined });

function asksAbout(key: readonly unknown[], transactionId: string): boolean {
  const { input } = (key[1] ?? {}) as { input?: { transactionId?: string } };
  return input?.transactionId === transactionId;
}
