import { ConnectError, reasonOf, requestIdOf, type ErrorReason } from "@grpcgoesbrrr/client";
import type { ReactNode } from "react";

interface Words {
  title: string;
  next: ReactNode;
}

const known: Partial<Record<ErrorReason, Words>> = {
  UNAUTHENTICATED: {
    title: "This key does not open",
    next: "It is mistyped, expired or revoked. Ask an administrator for another: brrr keys create.",
  },
  PERMISSION_DENIED: {
    title: "Your role may not do this",
    next: "Ask an administrator for a key whose role may.",
  },
  INVALID_ARGUMENT: { title: "That was not understood", next: "Correct what is named above and try again." },
  TRANSACTION_UNKNOWN: {
    title: "No such transaction",
    next: "Identifiers are compared letter by letter. Check the spelling; if it is right, the backend has not recorded the transaction yet.",
  },
  QUEUE_FULL: { title: "The service is busy", next: "More is asked than it can answer in time. Try again in a moment." },
  RATE_LIMITED: { title: "Too much at once", next: "This key asks for more than it may. Try again in a moment." },
  STORE_UNAVAILABLE: {
    title: "The record cannot be reached",
    next: "Nothing of this took effect. Try again in a moment; if it stays so, an operator looks into the server’s log and at /readyz.",
  },
  ISSUER_UNAVAILABLE: {
    title: "Who you are cannot be verified now",
    next: "The issuer of your token does not answer the server. Try again in a moment; if it stays so, an operator looks into the server’s log.",
  },
  PREDICTOR_UNAVAILABLE: {
    title: "The model does not answer",
    next: "There is no score, and none is made up. Try again in a moment; if it stays so, an operator looks into the server’s log and at /readyz.",
  },
  DEADLINE_EXCEEDED: {
    title: "The answer did not come in time",
    next: "Try again: it may stand in the record by now.",
  },
  UNIMPLEMENTED: { title: "This model cannot do that", next: "The server serves a model that has no such answer." },
  INTERNAL: { title: "Something broke in the server", next: "An operator finds it in the server’s log by the number above." },
  SHUTTING_DOWN: { title: "The server is stopping", next: "This page goes on by itself once it is back." },
};

const unreached: Words = {
  title: "The server was not reached",
  next: "It is stopped, or the network is. This page tries again when you do.",
};

/** A failure in words: what it is, what the service said, and what to do next. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const failed = ConnectError.from(error);
  const reason = reasonOf(failed);
  const words = (reason && known[reason]) ?? (reason ? { title: "The service refused", next: "" } : unreached);
  const request = requestIdOf(failed);
  return (
    <div className="problem" role="alert">
      <p className="title">{words.title}</p>
      {reason && <p>{failed.rawMessage}</p>}
      {request && <p className="hint">Request {request}</p>}
      <p>{words.next}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
      {reason && <p className="hint reason">{reason}</p>}
    </div>
  );
}
