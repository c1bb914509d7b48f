import { create } from "@bufbuild/protobuf";
import { DurationSchema, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ago, briefly, money, percent, share, span, took, words } from "./format";

describe("percent", () => {
  it.each([
    [0, "0 %"],
    [100, "100 %"],
    [34.4530148288, "34.5 %"],
    [0.04, "0.04 %"],
    [0.001, "< 0.01 %"],
    [99.9332797487, "99.93 %"],
    [99.9999, "> 99.99 %"],
    [1, "1.0 %"],
    [0.9967, "1.0 %"],
  ])("shows %s as %s, never as a certainty that it is not", (value, shown) => expect(percent(value)).toBe(shown));
});

describe("span", () => {
  it.each([
    [0, "0 seconds"],
    [1, "1 second"],
    [720, "12 minutes"],
    [3661, "1 hour, 1 minute"],
    [86400 * 3, "3 days"],
    [320469120, "10 years"],
    [2147483647, "68 years"],
  ])("%s seconds are %s", (seconds, shown) => expect(span(seconds)).toBe(shown));
});

it("says how long ago in one unit", () => {
  const t = timestampFromDate(new Date("2026-01-01T00:00:00Z"));
  const after = (seconds: number) => ago(t, Date.parse("2026-01-01T00:00:00Z") + seconds * 1000);
  expect([after(0), after(59), after(60), after(7200), after(86400 * 400)]).toEqual([
    "just now", "59 seconds ago", "1 minute ago", "2 hours ago", "1 year ago",
  ]);
});

it("shows a share of nothing as nothing", () => {
  expect(share(0, 0)).toBe("–");
  expect(share(1n, 8n)).toBe("12.5 %");
});

it("shows money with its currency, if it has one", () => {
  expect(money(2349.99, "USD")).toBe("2,349.99 USD");
  expect(money(5918.5599999999995, "")).toBe("5,918.56");
});

it("shows durations in the unit that fits", () => {
  const of = (nanos: number, seconds = 0n) => took(create(DurationSchema, { seconds, nanos }));
  expect([of(2_340_000), of(23_400_000), of(500_000_000, 1n), took(undefined)]).toEqual(["2.3 ms", "23 ms", "1.5 s", "–"]);
});

it("words names and large numbers", () => {
  expect(words("TIME_OF_DAY")).toBe("Time of day");
  expect(briefly(1_234_567)).toBe("1.2M");
});
