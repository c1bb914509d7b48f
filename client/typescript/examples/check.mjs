// Asks about transactions that are recorded, each on its own:
//   BRRR_SERVER=http://127.0.0.1:8080 BRRR_KEY=brrr_… node check.mjs ID…
// BRRR_PROTOCOL may be grpc, grpc-web or connect.
import { createFraudClient, reasonOf } from "@grpcgoesbrrr/client";

const { BRRR_SERVER, BRRR_KEY, BRRR_PROTOCOL } = process.env;
const fraud = createFraudClient({ baseUrl: BRRR_SERVER, key: BRRR_KEY, protocol: BRRR_PROTOCOL });

const { results } = await fraud.batchGetFraudActivity({ transactionIds: process.argv.slice(2) });
for (const { transactionId, result } of results) {
  if (result.case === "error") {
    console.log(transactionId, reasonOf(result.value) === "TRANSACTION_UNKNOWN" ? "is not recorded" : result.value.message);
    process.exitCode = 1;
  } else {
    const { predictedLabel, fraudProbability } = result.value;
    console.log(transactionId, predictedLabel ? "FRAUD" : "legitimate", `${fraudProbability.toFixed(2)} %`);
  }
}
