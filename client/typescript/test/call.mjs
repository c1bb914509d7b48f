// Calls GetFraudActivity once over the protocol named, as a browser's page
// (grpc-web, connect) or a Node server (grpc) does:
//   node call.mjs PROTOCOL URL KEY ID
// Prints the answer on standard output, or the error on standard error.
import { toJsonString } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";

import { FraudActivitySchema } from "../../../gen/es/fraudactivity/v1/fraud_activity_pb.js";
import { FraudActivityService } from "../../../gen/es/fraudactivity/v1/service_pb.js";

const [protocol, baseUrl, key, transactionId] = process.argv.slice(2);

/** @type {import("@connectrpc/connect").Interceptor} */
const showKey = (next) => (req) => {
  if (key) req.header.set("Authorization", `Bearer ${key}`);
  return next(req);
};
const options = { baseUrl, interceptors: [showKey] };
const makers = new Map([
  ["grpc", createGrpcTransport],
  ["grpc-web", createGrpcWebTransport],
  ["connect", createConnectTransport],
]);
const makeTransport = makers.get(protocol);
if (!makeTransport) throw new Error(`unknown protocol ${protocol}`);
const transport = makeTransport(options);

try {
  const activity = await createClient(FraudActivityService, transport).getFraudActivity({ transactionId });
  console.log(toJsonString(FraudActivitySchema, activity, { alwaysEmitImplicit: true }));
  process.exit(0); // the gRPC transport would keep its connection, and Node, for a while
} catch (error) {
  const failed = ConnectError.from(error);
  const code = Code[failed.code].replace(/[A-Z]/g, (c, at) => (at ? "_" : "") + c.toLowerCase());
  console.error(JSON.stringify({ code, reason: reasonOf(failed), message: failed.rawMessage }));
  process.exit(1);
}

/**
 * The first field of google.rpc.ErrorInfo.
 * @param {ConnectError} failed
 */
function reasonOf(failed) {
  for (const detail of failed.details) {
    if ("type" in detail && detail.type === "google.rpc.ErrorInfo") {
      const reader = new BinaryReader(detail.value);
      return reader.tag()[0] === 1 ? reader.string() : "";
    }
  }
  return "";
}
