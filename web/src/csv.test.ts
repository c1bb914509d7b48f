import { create } from "@bufbuild/protobuf";
import { FraudActivitySchema } from "@grpcgoesbrrr/client";
import { expect, it } from "vitest";
import { cell, csvHead, csvRows } from "./csv";

it.each([
  ["plain", "plain"],
  ["a,b", '"a,b"'],
  ['say "no"', '"say ""no"""'],
  ["two\nlines", '"two\nlines"'],
  ["=1+1", "'=1+1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["-5", "'-5"],
  [-5, "-5"],
  [0, "0"],
  [false, "false"],
  [undefined, ""],
])("%j is the cell %j", (value, shown) => expect(cell(value)).toBe(shown));

it("has as many cells in a row as in the head, whatever is missing", () => {
  const bare = csvRows([create(FraudActivitySchema, { transactionId: "t-1", fraudProbability: 1.5 })]);
  expect(bare.trimEnd().split(",")).toHaveLength(csvHead.split(",").length);
  expect(bare.startsWith("t-1,false,1.5,")).toBe(true);
});
