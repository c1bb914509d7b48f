import { expect, it } from "vitest";
import { steps } from "./steps";

it("lays contributions end to end, and sums them up", () => {
  const rows = steps([
    { code: "AMOUNT", contribution: 2, value: 2349.99 },
    { code: "TIME_OF_DAY", contribution: -3.5, value: 3.2 },
    { code: "OUR_OWN", contribution: 0.5, value: 1.234 },
  ]);
  expect(rows.map((row) => row.range)).toEqual([[0, 2], [-1.5, 2], [-1.5, -1], [-1, 0]]);
  expect(rows.map((row) => row.shown)).toEqual(["+2.00", "−3.50", "+0.50", "−1.00"]);
  expect(rows.map((row) => row.value)).toEqual(["2,349.99", "03:12 UTC", "1.23", ""]);
});

it.each([
  [23.999, "00:00 UTC"],
  [0, "00:00 UTC"],
  [12.5, "12:30 UTC"],
])("%s hours are %s", (value, shown) => expect(steps([{ code: "TIME_OF_DAY", contribution: 1, value }])[0]?.value).toBe(shown));
