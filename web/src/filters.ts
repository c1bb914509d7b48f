// What a list shows, as it stands in the address: a link to a list is that list.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { FilterSchema, Order, OutcomeLabel, type Filter } from "@grpcgoesbrrr/client";

/** The form's fields, as people write them. Empty is "any". */
export interface Fields {
  transaction: string;
  account: string;
  min: string;
  max: string;
  label: "" | "fraud" | "legitimate";
  outcome: "" | "fraud" | "legitimate" | "some" | "none";
  from: string;
  to: string;
  order: "" | "probability";
}

export const noFields: Fields = {
  transaction: "", account: "", min: "", max: "", label: "", outcome: "", from: "", to: "", order: "",
};

const names = Object.keys(noFields) as (keyof Fields)[];
const choices: Partial<Record<keyof Fields, string[]>> = {
  label: ["fraud", "legitimate"],
  outcome: ["fraud", "legitimate", "some", "none"],
  order: ["probability"],
};

/** Reads the address. A value that no field could hold is left out. */
export function fieldsOf(search: URLSearchParams): Fields {
  const found = { ...noFields } as Record<keyof Fields, string>;
  for (const name of names) {
    const value = search.get(name)?.trim() ?? "";
    if (!choices[name] || choices[name].includes(value)) found[name] = value;
  }
  return found as Fields;
}

/** Writes what is not empty. */
export function searchOf(fields: Fields): URLSearchParams {
  const search = new URLSearchParams();
  for (const name of names) if (fields[name]) search.set(name, fields[name]);
  return search;
}

/** Says what is wrong with a field, in words; empty if nothing is. */
export function mistakes(fields: Fields): Partial<Record<keyof Fields, string>> {
  const wrong: Partial<Record<keyof Fields, string>> = {};
  for (const name of ["transaction", "account"] as const) {
    const rule = idMistake(fields[name]);
    if (fields[name] && rule) wrong[name] = rule;
  }
  for (const name of ["min", "max"] as const) {
    const value = Number(fields[name]);
    if (fields[name] && !(value >= 0 && value <= 100)) wrong[name] = "a percentage, 0 to 100";
  }
  if (!wrong.min && !wrong.max && fields.min && fields.max && Number(fields.min) > Number(fields.max)) {
    wrong.max = "not below the least";
  }
  for (const name of ["from", "to"] as const) {
    if (fields[name] && Number.isNaN(Date.parse(fields[name]))) wrong[name] = "a date and a time";
  }
  if (!wrong.from && !wrong.to && fields.from && fields.to && Date.parse(fields.from) >= Date.parse(fields.to)) {
    wrong.to = "after the begin";
  }
  return wrong;
}

/** The rule of identifiers, as in the contract. Empty if it holds. */
export function idMistake(id: string): string {
  if (id.length > 128) return "at most 128 characters";
  if (!/^[A-Za-z0-9._:-]*$/.test(id)) return "letters, digits and . _ : - only";
  return "";
}

/** The contract's filter. The fields have no mistakes. */
export function filterOf(fields: Fields): Filter {
  const filter = create(FilterSchema, { transactionId: fields.transaction, accountId: fields.account });
  if (fields.min) filter.minFraudProbability = Number(fields.min);
  if (fields.max) filter.maxFraudProbability = Number(fields.max);
  if (fields.label) filter.predictedLabel = fields.label === "fraud";
  if (fields.outcome === "fraud") filter.outcome = OutcomeLabel.FRAUD;
  if (fields.outcome === "legitimate") filter.outcome = OutcomeLabel.LEGITIMATE;
  if (fields.outcome === "some") filter.labelled = true;
  if (fields.outcome === "none") filter.labelled = false;
  if (fields.from) filter.from = timestampFromDate(new Date(fields.from));
  if (fields.to) filter.to = timestampFromDate(new Date(fields.to));
  return filter;
}

export const orderOf = (fields: Fields): Order =>
  fields.order === "probability" ? Order.FRAUD_PROBABILITY : Order.NEWEST;
