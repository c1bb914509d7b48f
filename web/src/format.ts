// Values in the words and units of people. Times are those of the reader's
// clock; their titles tell UTC.
import { timestampDate, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";

const whole = new Intl.NumberFormat("en");
const brief = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const clockOnly = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export const count = (n: number | bigint): string => whole.format(n);

export const briefly = (n: number): string => brief.format(n);

/** A percentage of the contract, 0 to 100. Small ones keep digits that tell them from 0. */
export function percent(value: number): string {
  const digits = value === 0 || value === 100 ? 0 : value < 0.995 || value > 99 ? 2 : 1;
  const shown = value.toFixed(digits);
  if (value > 0 && Number(shown) === 0) return "< 0.01 %";
  if (value < 100 && Number(shown) === 100) return "> 99.99 %";
  return `${shown} %`;
}

/** A share of counts, as a percentage; a dash where there is nothing to share. */
export const share = (part: number | bigint, of: number | bigint): string =>
  Number(of) === 0 ? "–" : percent((100 * Number(part)) / Number(of));

export function money(amount: number, currency: string): string {
  const digits = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return currency ? `${digits.format(amount)} ${currency}` : digits.format(amount);
}

export const dateOf = (t: Timestamp): Date => timestampDate(t);

export const time = (t: Timestamp | undefined): string => (t ? clock.format(dateOf(t)) : "–");

export const timeOfDay = (t: Timestamp | undefined): string => (t ? clockOnly.format(dateOf(t)) : "–");

export const utc = (t: Timestamp | undefined): string => (t ? dateOf(t).toISOString() : "");

const units: [number, string][] = [
  [365.25 * 86400, "year"],
  [30.4375 * 86400, "month"],
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** Whole seconds in the two largest units that say something: "2 years, 3 months". */
export function span(seconds: number): string {
  for (const [i, [size, name]] of units.entries()) {
    if (seconds < size && size !== 1) continue;
    const first = Math.floor(seconds / size);
    const next = units[i + 1];
    const second = next ? Math.floor((seconds - first * size) / next[0]) : 0;
    const head = plural(first, name);
    return next && second > 0 && first < 10 ? `${head}, ${plural(second, next[1])}` : head;
  }
  return plural(0, "second");
}

const plural = (n: number, unit: string): string => `${whole.format(n)} ${unit}${n === 1 ? "" : "s"}`;

/** How long ago, in one unit. */
export function ago(t: Timestamp, now: number = Date.now()): string {
  const seconds = Math.floor((now - dateOf(t).getTime()) / 1000);
  if (seconds < 5) return "just now";
  for (const [size, name] of units) if (seconds >= size) return `${plural(Math.floor(seconds / size), name)} ago`;
  return "just now";
}

export const milliseconds = (d: Duration): number => Number(d.seconds) * 1000 + d.nanos / 1e6;

export function took(d: Duration | undefined): string {
  if (!d) return "–";
  const ms = milliseconds(d);
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** FACT_NAME or fact_name as words. */
export const words = (name: string): string => {
  const text = name.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
