import { isMessage } from "@bufbuild/protobuf";

import { errorInfo } from "./details.js";
import { ItemErrorSchema } from "./gen/fraudactivity/v1/fraud_activity_pb.js";

/** The stable reasons of the service's refusals. Their meaning never changes. */
export type ErrorReason =
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "INVALID_ARGUMENT"
  | "TRANSACTION_UNKNOWN"
  | "FACTS_DIFFER"
  | "QUEUE_FULL"
  | "RATE_LIMITED"
  | "PREDICTOR_UNAVAILABLE"
  | "STORE_UNAVAILABLE"
  | "ISSUER_UNAVAILABLE"
  | "DEADLINE_EXCEEDED"
  | "UNIMPLEMENTED"
  | "WATCHER_TOO_SLOW"
  | "SHUTTING_DOWN"
  | "INTERNAL";

/**
 * Why the service refused: a failed call, or one item of a batch (its `error`).
 * undefined if the error does not come from the service: it was not reached, the
 * call's own deadline passed, or something between refused. A service newer than
 * this package may have further reasons, so let a `switch` have a `default`.
 */
export function reasonOf(error: unknown): ErrorReason | undefined {
  const reason = isMessage(error, ItemErrorSchema) ? error.reason : errorInfo(error)?.reason;
  return (reason || undefined) as ErrorReason | undefined;
}
