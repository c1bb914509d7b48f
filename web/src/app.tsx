import { TransportProvider } from "@connectrpc/connect-query";
import { Permission } from "@grpcgoesbrrr/client";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { Redirect, Route, Switch } from "wouter";
import { FeedProvider } from "./feed-provider";
import { ReportsProvider } from "./outcomes";
import { Lookup } from "./pages/lookup";
import { SessionProvider, useSession } from "./session";
import { Toast } from "./parts/toast";
import { Shell } from "./shell";

// What draws plots comes when it is wanted.
const Live = lazy(() => import("./pages/live"));
const Activity = lazy(() => import("./pages/activity"));
const Overview = lazy(() => import("./pages/overview"));
const Model = lazy(() => import("./pages/model"));

export const App = () => (
  <SessionProvider>
    <Data>
      <FeedProvider>
        <ReportsProvider>
          <Shell>
            <Suspense fallback={<p role="status" className="wait">Loading …</p>}>
              <Pages />
            </Suspense>
            <Toast />
          </Shell>
        </ReportsProvider>
      </FeedProvider>
    </Data>
  </SessionProvider>
);

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
