import assert from "node:assert/strict";
import { test } from "node:test";

import { Code, createFraudClient, createFraudTransport, fieldViolations, reasonOf, requestIdOf, retryDelay } from "@grpcgoesbrrr/client";

import { failure, protocols, refusal, serve } from "./server.mjs";

for (const protocol of protocols) {
  test(`${protocol}: an answer, to the key that is shown`, async (t) => {
    /** @type {(string | null)[]} */
    const shown = [];
    const client = await serve(t, {
      getFraudActivity: (req, context) => {
        shown.push(context.requestHeader.get("Authorization"));
        return { transactionId: req.transactionId, predictedLabel: true, fraudProbability: 99.5 };
      },
    });
    let key = "first";
    const answer = await client({ protocol, key }).getFraudActivity({ transactionId: "a" });
    const changing = client({ protocol, key: async () => key });
    key = "second";
    await changing.getFraudActivity({ transactionId: "b" });
    await client({ protocol }).getFraudActivity({ transactionId: "c" });
    assert.equal(answer.fraudProbability, 99.5);
    assert.deepEqual(shown, ["Bearer first", "Bearer second", null]);
  });

  test(`${protocol}: a refusal, with all it bears`, async (t) => {
    const client = await serve(t, {
      getModel: () => {
        throw refusal(Code.InvalidArgument, { reason: "INVALID_ARGUMENT", field: "view", retryMs: 2_250, requestId: "r-1" });
      },
    });
    const error = await failure(client({ protocol }).getModel({}));
    assert.equal(error.code, Code.InvalidArgument);
    assert.equal(reasonOf(error), "INVALID_ARGUMENT");
    assert.deepEqual(fieldViolations(error), [{ field: "view", description: "breaks a rule" }]);
    assert.equal(retryDelay(error), 2_250);
    assert.equal(requestIdOf(error), "r-1");
  });

  test(`${protocol}: a service that is not reached has no reason`, async () => {
    const client = createFraudClient({ baseUrl: "http://127.0.0.1:1", protocol, retries: 0 });
    const error = await failure(client.getModel({}));
    assert.equal(error.code, Code.Unavailable);
    assert.equal(reasonOf(error), undefined);
    assert.match(error.message, /ECONNREFUSED|bad port/);
  });

  test(`${protocol}: a call's own deadline has no reason`, async (t) => {
    const client = await serve(t, { getModel: (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))) });
    for (const call of [client({ protocol, timeoutMs: 20 }).getModel({}), client({ protocol }).getModel({}, { timeoutMs: 20 })]) {
      const error = await failure(call);
      assert.equal(error.code, Code.DeadlineExceeded);
      assert.equal(reasonOf(error), undefined);
    }
  });

  test(`${protocol}: calls have a deadline, streams have none`, async (t) => {
    /** @type {(number | undefined)[]} */
    const left = [];
    const client = await serve(t, {
      getModel: (_, { timeoutMs }) => {
        left.push(timeoutMs());
        return {};
      },
      async *watchFraudActivity(_, { timeoutMs }) {
        left.push(timeoutMs());
      },
    });
    await client({ protocol }).getModel({});
    await client({ protocol, timeoutMs: 0 }).getModel({});
    for await (const _ of client({ protocol }).watchFraudActivity({}));
    assert.ok(left[0] !== undefined && left[0] > 0 && left[0] <= 10_000, `${left[0]}`);
    assert.deepEqual(left.slice(1), [undefined, undefined]);
  });
}

test("a header tells the request ID where no detail does", async (t) => {
  const client = await serve(t, {
    getModel: (_, { responseHeader }) => {
      responseHeader.set("X-Request-Id", "r-2");
      throw refusal(Code.NotFound, { reason: "TRANSACTION_UNKNOWN" });
    },
  });
  assert.equal(requestIdOf(await failure(client().getModel({}))), "r-2");
});

test("other errors bear nothing", () => {
  for (const error of [new Error("other"), undefined, "text", refusal(Code.Unknown)]) {
    assert.equal(reasonOf(error), undefined);
    assert.equal(retryDelay(error), undefined);
    assert.equal(requestIdOf(error), undefined);
    assert.deepEqual(fieldViolations(error), []);
  }
});

test("details that are not what they say count as absent", () => {
  const error = refusal(Code.Unknown);
  error.details.push({ type: "google.rpc.ErrorInfo", value: new Uint8Array([10, 200]) });
  assert.equal(reasonOf(error), undefined);
});

test("options that cannot be kept are refused by name", () => {
  const baseUrl = "http://127.0.0.1:1";
  /** @type {[RegExp, any][]} */
  const cases = [
    [/^baseUrl: must be given/, {}],
    [/^protocol: must be .* not "soap"/, { baseUrl, protocol: "soap" }],
    [/^fetch: must not be given/, { baseUrl, protocol: "grpc", fetch }],
    [/^timeoutMs: must be at least 0, not -1/, { baseUrl, timeoutMs: -1 }],
    [/^retries: must be at least 0, not NaN/, { baseUrl, retries: NaN }],
  ];
  for (const [message, options] of cases) assert.throws(() => createFraudTransport(options), { message });
});

test("an address may end in a slash", async () => {
  /** @type {string[]} */
  const asked = [];
  const client = createFraudClient({
    baseUrl: "https://fraud.example/below/",
    retries: 0,
    fetch: async (url) => {
      asked.push(String(url));
      throw new TypeError("offline");
    },
  });
  await failure(client.getModel({}));
  assert.deepEqual(asked, ["https://fraud.example/below/fraudactivity.v1.FraudActivityService/GetModel"]);
});
