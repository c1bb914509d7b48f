import { TransportProvider } from "@connectrpc/connect-query";
import { Permission } from "@grpcgoesbrrr/client";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useMemo, type ReactNode } from "react";
import { Redirect, Route, Switch } from "wouter";
import { FeedProvider } from "./feed-provider";
import { ReportsProvider } from "./outcomes";
import { later } from "./later";
import { Lookup } from "./pages/lookup";
import { SessionProvider, useSession } from "./session";
import { Toast } from "./parts/toast";
import { Shell } from "./shell";

// What draws plots comes after the first page, or with the page that wants it.
const Live = later(() => import("./pages/live"));
const Activity = later(() => import("./pages/activity"));
const Overview = later(() => import("./pages/overview"));
const Model = later(() => import("./pages/model"));
const fetches = [["/live", Live], ["/activity", Activity], ["/overview", Overview], ["/model", Model]] as const;

// Whoever opens a link to a page will want it once the key is known.
void fetches.find(([path]) => path === window.location.pathname)?.[1].fetch().catch(() => {}); // told when it is shown

export const App = () => (
  <SessionProvider>
    <Data>
      <FeedProvider>
        <ReportsProvider>
          <Shell>
            <Pages />
            <Toast />
          </Shell>
        </ReportsProvider>
      </FeedProvider>
    </Data>
  </SessionProvider>
);

/** The first page is drawn by then. */
const fetchRestMs = 2000;

/** Fetches over gRPC-Web, with the key of who is signed in. */
function Data({ children }: { children: ReactNode }) {
  const { transport, refused } = useSession();
  const queries = useMemo(
    () =>
      new QueryClient({
        queryCache: new QueryCache({ onError: refused }),
        // The client repeats what is safe to repeat, and the feed tells what is new.
        defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 30_000 } },
      }),
    [refused],
  );
  return (
    <TransportProvider transport={transport}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </TransportProvider>
  );
}

function Pages() {
  const { may } = useSession();
  const reads = may(Permission.READ);
  useEffect(() => {
    if (!reads) return;
    const soon = setTimeout(() => fetches.forEach(([, page]) => void page.fetch().catch(() => {})), fetchRestMs);
    return () => clearTimeout(soon);
  }, [reads]);
  return (
    <Switch>
      <Route path="/" component={Lookup} />
      <Route path="/transactions/:id" component={Lookup} />
      {reads && <Route path="/live" component={Live} />}
      {reads && <Route path="/activity" component={Activity} />}
      {reads && <Route path="/overview" component={Overview} />}
      {reads && <Route path="/model" component={Model} />}
      <Route>
        <Redirect to="/" replace />
      </Route>
    </Switch>
  );
}
