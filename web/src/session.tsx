// Who is signed in: a key, kept for this tab alone, and what its role may do.
import {
  createFraudClient,
  createFraudTransport,
  type Caller,
  type FraudClient,
  type Permission,
  reasonOf,
} from "@grpcgoesbrrr/client";
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { SignIn } from "./pages/sign-in";

const place = "fraud-activity.key";

export interface Session {
  caller: Caller;
  client: FraudClient;
  transport: ReturnType<typeof createFraudTransport>;
  may(permission: Permission): boolean;
  signOut(): void;
  /** Signs out if that is what the error means: the key no longer opens. */
  refused(error: unknown): void;
}

const Context = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("nobody is signed in");
  return session;
}

/** Where the service is: this page comes from it. */
const options = (key: string) => ({ baseUrl: window.location.origin, key, protocol: "grpc-web" as const });

/** Shows its children to who is signed in, and a door to everybody else. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [key, setKey] = useState(keyAtHand);
  const [caller, setCaller] = useState<Caller>();
  const [problem, setProblem] = useState<unknown>();
  const [notice, setNotice] = useState("");

  const signOut = useCallback(() => {
    sessionStorage.removeItem(place);
    setKey("");
    setCaller(undefined);
  }, []);

  const refused = useCallback((error: unknown) => {
    if (reasonOf(error) !== "UNAUTHENTICATED") return;
    signOut();
    setNotice("Your key no longer opens: it has expired or was revoked.");
  }, [signOut]);

  const signIn = useCallback(async (given: string) => {
    setProblem(undefined);
    try {
      setCaller(await createFraudClient(options(given)).getCaller({}));
      sessionStorage.setItem(place, given);
      setNotice("");
      setKey(given);
    } catch (error) {
      setProblem(error);
      if (reasonOf(error) === "UNAUTHENTICATED") {
        sessionStorage.removeItem(place);
        setKey("");
      }
    }
  }, []);

  useEffect(() => {
    if (key && !caller) void signIn(key);
  }, []); // once, with the key that was at hand

  const session = useMemo<Session | undefined>(() => {
    if (!key || !caller) return undefined;
    return {
      caller,
      client: createFraudClient(options(key)),
      transport: createFraudTransport(options(key)),
      may: (permission) => caller.permissions.includes(permission),
      signOut,
      refused,
    };
  }, [key, caller, signOut, refused]);

  if (!session) {
    const opening = key !== "" && problem === undefined;
    return <SignIn opening={opening} problem={problem} notice={notice} onSignIn={signIn} />;
  }
  return <Context value={session}>{children}</Context>;
}

/**
 * The key of the link that the server prints at its first start, or the one of
 * this tab. It stands behind the #, which browsers send to no server, and is
 * taken out of the address and the history at once.
 */
function keyAtHand(): string {
  const linked = new URLSearchParams(window.location.hash.slice(1)).get("key");
  if (linked !== null) {
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    return linked;
  }
  return sessionStorage.getItem(place) ?? "";
}
