import assert from "node:assert/strict";
import { test } from "node:test";

import { Code } from "@grpcgoesbrrr/client";

import { pauseAfter } from "../dist/backoff.js";
import { failure, protocols, refusal, serve } from "./server.mjs";

const unavailable = refusal(Code.Unavailable, { reason: "PREDICTOR_UNAVAILABLE" });
const away = refusal(Code.ResourceExhausted, { reason: "QUEUE_FULL", retryMs: 1 });

/** @type {Record<string, { errors: (Error | undefined)[], calls: number, fails?: boolean, options?: object, method?: "assessTransaction" | "listOutcomes" | "reportOutcome" }>} */
const cases = {
  "an answer is not repeated": { errors: [], calls: 1 },
  "unavailable once": { errors: [unavailable], calls: 2 },
  "without side effects likewise": { errors: [unavailable], calls: 2, method: "listOutcomes" },
  "no promise in the contract": { errors: [unavailable], calls: 1, fails: true, method: "reportOutcome" },
  "unavailable for good": { errors: Array(9).fill(unavailable), calls: 3, fails: true, options: { retries: 2 } },
  "switched off": { errors: [unavailable], calls: 1, fails: true, options: { retries: 0 } },
  "told when to come back": { errors: [away], calls: 2 },
  "exhausted without a word": { errors: [refusal(Code.ResourceExhausted)], calls: 1, fails: true },
  "told to come back after the deadline": { errors: [refusal(Code.Unavailable, { retryMs: 60_000 })], calls: 1, fails: true },
  "a refusal": { errors: [refusal(Code.InvalidArgument)], calls: 1, fails: true },
};

for (const protocol of protocols) {
  for (const [name, { errors, calls, fails = false, options = {}, method = "assessTransaction" }] of Object.entries(cases)) {
    test(`${protocol}: ${name}`, async (t) => {
      let called = 0;
      const answer = () => {
        const error = errors[called++];
        if (error) throw error;
        return {};
      };
      const client = (await serve(t, { [method]: answer }))({ protocol, ...options });
      if (fails) assert.equal((await failure(client[method]({}))).code, /** @type {any} */ (errors[0]).code);
      else await client[method]({});
      assert.equal(called, calls);
    });
  }
}

test("a caller that goes away ends the pause", async (t) => {
  const caller = new AbortController();
  const client = await serve(t, {
    getModel: () => {
      setImmediate(() => caller.abort());
      throw refusal(Code.Unavailable, { retryMs: 3_600_000 });
    },
  });
  const error = await failure(client({ timeoutMs: 0 }).getModel({}, { signal: caller.signal }));
  assert.equal(error.code, Code.Canceled);
});

test("pauses double up to the longest, beyond what the service asks for", () => {
  for (const [failures, most] of [[1, 100], [2, 200], [3, 400], [5, 1_600], [6, 2_000], [2_000, 2_000]]) {
    const pauses = Array.from({ length: 1_000 }, () => pauseAfter(unavailable, /** @type {number} */ (failures), 100, 2_000));
    const longest = Math.max(...pauses);
    assert.ok(longest <= /** @type {number} */ (most) && longest > 0.9 * /** @type {number} */ (most), `${failures}: ${longest}`);
  }
  assert.ok(pauseAfter(refusal(Code.Unavailable, { retryMs: 7_000 }), 1, 100, 2_000) >= 7_000);
});
