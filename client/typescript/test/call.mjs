// Calls GetFraudActivity once over the protocol named, as a browser's page
// (grpc-web, connect) or a Node server (grpc) does:
//   node call.mjs PROTOCOL URL KEY ID
// Prints the answer on standard output, or the error on standard error.
import { toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError, createFraudClient, FraudActivitySchema, reasonOf } from "@grpcgoesbrrr/client";

const [protocol, baseUrl = "", key, transactionId] = process.argv.slice(2);
const fraud = createFraudClient({ baseUrl, key, protocol: /** @type {import("@grpcgoesbrrr/client").Protocol} */ (protocol) });

try {
  const activity = await fraud.getFraudActivity({ transactionId });
  console.log(toJsonString(FraudActivitySchema, activity, { alwaysEmitImplicit: true }));
} catch (error) {
  const failed = ConnectError.from(error);
  const code = Code[failed.code].replace(/[A-Z]/g, (c, at) => (at ? "_" : "") + c.toLowerCase());
  console.error(JSON.stringify({ code, reason: reasonOf(failed), message: failed.rawMessage }));
  process.exitCode = 1;
}
