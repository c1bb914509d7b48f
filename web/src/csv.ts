// Rows for a spreadsheet.
import { OutcomeLabel, type FraudActivity } from "@grpcgoesbrrr/client";
import { utc } from "./format";

type Column = [name: string, value: (a: FraudActivity) => string | number | boolean | undefined];

const columns: Column[] = [
  ["transaction_id", (a) => a.transactionId],
  ["predicted_label", (a) => a.predictedLabel],
  ["fraud_probability", (a) => a.fraudProbability],
  ["threshold", (a) => a.assessment?.threshold],
  ["model_version", (a) => a.assessment?.modelVersion],
  ["assessed_at", (a) => utc(a.assessment?.assessedAt)],
  ["account_id", (a) => a.assessment?.facts?.accountId],
  ["amount", (a) => a.assessment?.facts?.amount],
  ["currency", (a) => a.assessment?.facts?.currency],
  ["time", (a) => utc(a.assessment?.facts?.time)],
  ["age_of_account", (a) => a.assessment?.facts?.ageOfAccount],
  ["number_of_transactions", (a) => a.assessment?.facts?.numberOfTransactions],
  ["seconds_since_previous", (a) => a.assessment?.facts?.secondsSincePrevious],
  ["amount_last_hour", (a) => a.assessment?.facts?.amountLastHour],
  ["amount_last_day", (a) => a.assessment?.facts?.amountLastDay],
  ["amount_last_week", (a) => a.assessment?.facts?.amountLastWeek],
  ["transactions_last_week", (a) => a.assessment?.facts?.transactionsLastWeek],
  ["outcome", (a) => (a.assessment?.outcome ? OutcomeLabel[a.assessment.outcome.outcome]?.toLowerCase() : "")],
  ["outcome_note", (a) => a.assessment?.outcome?.note],
];

export const csvHead: string = columns.map(([name]) => name).join(",") + "\r\n";

export const csvRows = (activities: FraudActivity[]): string =>
  activities.map((a) => columns.map(([, value]) => cell(value(a))).join(",") + "\r\n").join("");

/** One cell. A spreadsheet must not take what callers wrote for a formula. */
export function cell(value: string | number | boolean | undefined): string {
  if (typeof value !== "string") return value === undefined ? "" : String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
