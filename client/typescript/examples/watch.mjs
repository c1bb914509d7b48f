// Shows what is assessed as it happens, the newest ten a second, until Ctrl-C.
//   BRRR_SERVER=… BRRR_KEY=… node watch.mjs
import { createFraudClient, watch } from "@grpcgoesbrrr/client";

const { BRRR_SERVER, BRRR_KEY, BRRR_PROTOCOL } = process.env;
const fraud = createFraudClient({ baseUrl: BRRR_SERVER, key: BRRR_KEY, protocol: BRRR_PROTOCOL });

const reader = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => reader.abort());
const onState = ({ state, error, delayMs }) => {
  console.error(state, error ? `in ${(delayMs / 1000).toFixed(1)} s: ${error.message}` : "");
};
for await (const { event, leftOut } of watch(fraud, { maxPerSecond: 10, outcomes: true }, { signal: reader.signal, onState })) {
  if (leftOut > 0n) console.log(`… ${leftOut} more`);
  if (event.case === "fraudActivity") {
    const { transactionId, predictedLabel, fraudProbability } = event.value;
    console.log(transactionId, predictedLabel ? "FRAUD" : "legitimate", `${fraudProbability.toFixed(2)} %`);
  }
  if (event.case === "outcome") console.log(event.value.transactionId, "has an outcome");
}
