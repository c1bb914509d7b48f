import { OutcomeLabel } from "@grpcgoesbrrr/client";
import { describe, expect, it } from "vitest";
import { fieldsOf, filterOf, mistakes, noFields, searchOf, type Fields } from "./filters";

const fields = (some: Partial<Fields>): Fields => ({ ...noFields, ...some });

it("keeps every condition in the address and back", () => {
  const all: Fields = {
    transaction: "t-1", account: "card-1", min: "5", max: "99.5", label: "fraud", outcome: "none",
    from: "2026-01-01T00:00", to: "2026-02-01T00:00", order: "probability",
  };
  expect(fieldsOf(searchOf(all))).toEqual(all);
  expect(searchOf(noFields).size).toBe(0);
});

it("leaves out of the address what no choice has, and keeps what is typed to be told wrong", () => {
  const found = fieldsOf(new URLSearchParams("label=maybe&outcome=x&order=y&min=abc&transaction=%20t%20"));
  expect(found).toEqual(fields({ min: "abc", transaction: "t" }));
  expect(mistakes(found)).toEqual({ min: "a percentage, 0 to 100" });
});

describe("mistakes", () => {
  it.each<[Partial<Fields>, object]>([
    [{}, {}],
    [{ min: "0", max: "100" }, {}],
    [{ min: "-1" }, { min: "a percentage, 0 to 100" }],
    [{ max: "101" }, { max: "a percentage, 0 to 100" }],
    [{ min: "50", max: "40" }, { max: "not below the least" }],
    [{ transaction: "a b" }, { transaction: "letters, digits and . _ : - only" }],
    [{ account: "x".repeat(129) }, { account: "at most 128 characters" }],
    [{ from: "never" }, { from: "a date and a time" }],
    [{ from: "2026-02-01T00:00", to: "2026-01-01T00:00" }, { to: "after the begin" }],
  ])("%o gives %o", (some, wrong) => expect(mistakes(fields(some))).toEqual(wrong));
});

it("asks the service for what the fields say", () => {
  const filter = filterOf(fields({ account: "card-1", min: "5", label: "legitimate", outcome: "fraud", from: "2026-01-01T00:00Z" }));
  expect(filter).toMatchObject({
    accountId: "card-1", minFraudProbability: 5, predictedLabel: false, outcome: OutcomeLabel.FRAUD,
  });
  expect(filter.maxFraudProbability).toBeUndefined();
  expect(filter.labelled).toBeUndefined();
  expect(Number(filter.from?.seconds)).toBe(Date.parse("2026-01-01T00:00:00Z") / 1000);
  expect(filterOf(fields({ outcome: "none" })).labelled).toBe(false);
  expect(filterOf(fields({ outcome: "some" })).labelled).toBe(true);
});
