export { createFraudClient, type FraudClient } from "./client.js";
export { createFraudTransport, type FraudTransportOptions, type Protocol } from "./transport.js";
export { type Key } from "./key.js";
export { reasonOf, type ErrorReason } from "./reason.js";
export { fieldViolations, requestIdOf, retryDelay, type FieldViolation } from "./details.js";
export { watch, type WatchOptions, type WatchState } from "./watch.js";

// What callers need of the libraries below, so that they need not name those.
export { Code, ConnectError } from "@connectrpc/connect";
export { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";

export * from "./gen/fraudactivity/v1/fraud_activity_pb.js";
export * from "./gen/fraudactivity/v1/permission_pb.js";
export * from "./gen/fraudactivity/v1/service_pb.js";
