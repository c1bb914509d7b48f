// Prints what callers can tell of each refusal, one a line.
import { Code, ConnectError, createFraudClient, fieldViolations, reasonOf, requestIdOf } from "@grpcgoesbrrr/client";

const { BRRR_SERVER, BRRR_KEY, BRRR_PROTOCOL } = process.env;
const fraud = createFraudClient({ baseUrl: BRRR_SERVER, key: BRRR_KEY, protocol: BRRR_PROTOCOL });
const nobody = createFraudClient({ baseUrl: BRRR_SERVER, protocol: BRRR_PROTOCOL });
const nowhere = createFraudClient({ baseUrl: "http://127.0.0.1:1", protocol: BRRR_PROTOCOL, retries: 0 });

const calls = [
  () => fraud.getFraudActivity({ transactionId: "nobody-recorded-this" }),
  () => fraud.getFraudActivity({ transactionId: "not an id" }),
  () => fraud.listFraudActivity({}), // the key is a client's
  () => nobody.getCaller({}),
  () => nowhere.getCaller({}),
];
for (const call of calls) {
  const error = await call().catch((thrown) => thrown);
  if (!(error instanceof ConnectError)) throw new Error(`not a ConnectError: ${error}`);
  const fields = fieldViolations(error).map(({ field }) => field);
  console.log(reasonOf(error) ?? "-", Code[error.code], fields.join() || "-", requestIdOf(error) ? "traceable" : "-");
}
