import type { Reason } from "@grpcgoesbrrr/client";
import { count, money, span, words } from "../format";

/** One bar of a waterfall. */
export interface Step {
  name: string;
  value: string;
  amount: number;
  shown: string;
  range: [number, number];
  sum: boolean;
}

/** Lays contributions end to end, in the order given, and their sum last. */
export function steps(reasons: Pick<Reason, "code" | "contribution" | "value">[]): Step[] {
  let at = 0;
  const rows = reasons.map((reason): Step => {
    const from = at;
    at += reason.contribution;
    return {
      name: words(reason.code), value: valueOf(reason), amount: reason.contribution,
      shown: signed(reason.contribution), range: [Math.min(from, at), Math.max(from, at)], sum: false,
    };
  });
  return [...rows, { name: "Together", value: "", amount: at, shown: signed(at), range: [Math.min(0, at), Math.max(0, at)], sum: true }];
}

const signed = (n: number): string => `${n < 0 ? "−" : "+"}${Math.abs(n).toFixed(2)}`;

/** A value in the unit that its code has (docs/model.md). */
function valueOf({ code, value }: Pick<Reason, "code" | "value">): string {
  switch (code) {
    case "TIME_OF_DAY": {
      const minutes = Math.round(value * 60) % 1440;
      return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")} UTC`;
    }
    case "TIME_SINCE_PREVIOUS":
      return span(value);
    case "AGE_OF_ACCOUNT":
      return span(value * 86400);
    case "AMOUNT":
      return money(value, "");
    case "RECENT_AMOUNT":
      return `${money(value, "")} in 24 hours`;
    case "NUMBER_OF_TRANSACTIONS":
      return `number ${count(value)}`;
    case "RECENT_TRANSACTIONS":
      return `${count(value)} in 7 days`;
  }
  return String(Math.round(value * 100) / 100);
}
