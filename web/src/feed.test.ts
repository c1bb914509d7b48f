import { create } from "@bufbuild/protobuf";
import { FraudActivitySchema, OutcomeLabel, OutcomeSchema } from "@grpcgoesbrrr/client";
import { expect, it } from "vitest";
import { count, labelled, pace, type Second } from "./feed";

it("adds to the second that is, and forgets what is a minute old", () => {
  let seconds: Second[] = count([], 100, 1, 0);
  seconds = count(seconds, 100, 2, 1);
  expect(seconds).toEqual([{ at: 100, assessed: 3, flagged: 1 }]);
  seconds = count(seconds, 159, 1, 0);
  expect(seconds.map((s) => s.at)).toEqual([100, 159]);
  expect(count(seconds, 160, 1, 0).map((s) => s.at)).toEqual([159, 160]);
});

it("counts the last ten whole seconds, not the one under way", () => {
  const seconds = [
    { at: 89, assessed: 1000, flagged: 1000 },
    { at: 90, assessed: 30, flagged: 3 },
    { at: 99, assessed: 20, flagged: 2 },
    { at: 100, assessed: 7, flagged: 7 },
  ];
  expect(pace(seconds, 0, 100)).toEqual({ rate: 5, assessed: 50, flagged: 5 });
  expect(pace(seconds, 98, 100).rate).toBe(25);
  expect(pace([], 100, 100).rate).toBe(0);
});

it("shows an outcome on every row of its transaction", () => {
  const rows = ["a", "b"].map((transactionId) => create(FraudActivitySchema, { transactionId, assessment: { modelVersion: "v1" } }));
  const outcome = create(OutcomeSchema, { transactionId: "b", outcome: OutcomeLabel.FRAUD });
  const shown = labelled(rows, outcome);
  expect(shown.map((row) => row.assessment?.outcome?.outcome)).toEqual([undefined, OutcomeLabel.FRAUD]);
  expect(rows[1]?.assessment?.outcome).toBeUndefined();
});
