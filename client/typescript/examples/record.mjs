// Records a payment and has it assessed in one call, as a shop's server does, and
// shows why it was judged so. A repeat is safe: the same facts are recorded once.
//   BRRR_SERVER=… BRRR_KEY=… node record.mjs ID ACCOUNT AMOUNT
import { createFraudClient, fieldViolations, reasonOf, timestampFromDate, View } from "@grpcgoesbrrr/client";

const { BRRR_SERVER, BRRR_KEY, BRRR_PROTOCOL } = process.env;
const fraud = createFraudClient({ baseUrl: BRRR_SERVER, key: BRRR_KEY, protocol: BRRR_PROTOCOL });
const [transactionId, accountId, amount] = process.argv.slice(2);
const time = timestampFromDate(new Date("2026-01-02T03:04:05Z"));

try {
  const { predictedLabel, fraudProbability, assessment } = await fraud.assessTransaction({
    transaction: { transactionId, accountId, amount: Number(amount), currency: "EUR", time },
    view: View.EXPLAINED,
  });
  console.log(transactionId, predictedLabel ? "FRAUD" : "legitimate", `${fraudProbability.toFixed(2)} %`);
  for (const { contribution, text } of assessment.reasons) console.log(contribution.toFixed(2), text);
} catch (error) {
  process.exitCode = 1;
  switch (reasonOf(error)) {
    case "INVALID_ARGUMENT":
      for (const { field, description } of fieldViolations(error)) console.log(`${field}: ${description}`);
      break;
    case "FACTS_DIFFER":
      console.log(`another transaction is recorded as ${transactionId}`);
      break;
    default:
      throw error;
  }
}
