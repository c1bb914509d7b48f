import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { createClient, createRouterTransport } from "@connectrpc/connect";
import { Code, ConnectError, FraudActivityService, watch } from "@grpcgoesbrrr/client";

import { protocols, refusal, serve } from "./server.mjs";

/** @typedef {import("@grpcgoesbrrr/client").WatchState} WatchState */

const fallsSilent = Symbol("falls silent");
const endsWell = Symbol("ends well");
const shuttingDown = refusal(Code.Unavailable, { reason: "SHUTTING_DOWN" });

/**
 * Sends messages 1, 2, 3, …, two a connection, and then does as told. Remembers
 * which cursors connections began with.
 * @param {(Error | symbol)[]} then of each connection in turn; the last one stays
 */
function feed(...then) {
  /** @type {string[]} */
  const began = [];
  return {
    began,
    /** @type {import("@connectrpc/connect").ServiceImpl<typeof FraudActivityService>["watchFraudActivity"]} */
    async *watchFraudActivity({ cursor }, { signal }) {
      const now = then[Math.min(began.length, then.length - 1)];
      began.push(cursor);
      const last = Number(cursor || 0);
      for (const n of [last + 1, last + 2]) {
        yield { cursor: String(n), event: { case: "fraudActivity", value: { transactionId: `t-${n}` } } };
      }
      if (now === endsWell) return;
      if (now !== fallsSilent) throw now;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
}

/**
 * A client in the same process, whose timers run off as soon as the feed waits.
 * @param {import("node:test").TestContext} t
 * @param {ReturnType<typeof feed>} service
 */
function inProcess(t, service) {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  return createClient(FraudActivityService, createRouterTransport((router) => router.service(FraudActivityService, service)));
}

/** @param {number} ms */
const later = (ms) => setImmediate(() => mock.timers.tick(ms));

/** @type {Record<string, Error | symbol>} */
const curable = {
  "the server stops": shuttingDown,
  "too slow": refusal(Code.ResourceExhausted, { reason: "WATCHER_TOO_SLOW" }),
  "told when to come back": refusal(Code.Unavailable, { retryMs: 60_000 }),
  "a fault": new Error("fault"),
  "a stream ends well": endsWell,
};
for (const [name, how] of Object.entries(curable)) {
  test(`resumes after the last message: ${name}`, async (t) => {
    const service = feed(how);
    /** @type {WatchState[]} */
    const states = [];
    const seen = [];
    const onState = (/** @type {WatchState} */ state) => {
      states.push(state);
      if (state.state === "reconnecting") later(state.delayMs);
    };
    for await (const message of watch(inProcess(t, service), { cursor: "10" }, { onState })) {
      if (seen.push(message.cursor) === 6) break;
    }
    assert.deepEqual(service.began, ["10", "12", "14"]);
    assert.deepEqual(seen, ["11", "12", "13", "14", "15", "16"]);
    const round = ["connecting", "open", "reconnecting"];
    assert.deepEqual(states.map(({ state }) => state), [...round, ...round, "connecting", "open"]);
    for (const state of states) {
      if (state.state !== "reconnecting") continue;
      assert.ok(state.error instanceof ConnectError);
      if (name === "told when to come back") assert.ok(state.delayMs >= 60_000 && state.delayMs <= 60_500, `${state.delayMs}`);
    }
  });
}

test("12 seconds of silence are a dead connection", async (t) => {
  const service = feed(fallsSilent, shuttingDown);
  /** @type {string[]} */
  const errors = [];
  const onState = (/** @type {WatchState} */ state) => {
    if (state.state !== "reconnecting") return;
    errors.push(state.error.rawMessage);
    later(state.delayMs);
  };
  let seen = 0;
  for await (const _ of watch(inProcess(t, service), {}, { onState })) {
    if (++seen === 2) later(12_000);
    if (seen === 4) break;
  }
  assert.deepEqual(service.began, ["", "2"]);
  assert.deepEqual(errors, ["no message came for 12000 ms"]);
});

test("a reader that takes its time is no silence", async (t) => {
  const service = feed(fallsSilent);
  let seen = 0;
  for await (const _ of watch(inProcess(t, service))) {
    mock.timers.tick(3_600_000);
    if (++seen === 2) break;
  }
  assert.deepEqual(service.began, [""]);
});

for (const code of [Code.Unauthenticated, Code.PermissionDenied, Code.InvalidArgument, Code.Unimplemented]) {
  test(`ends by what repeating cannot cure: ${Code[code]}`, async (t) => {
    const service = feed(refusal(code));
    const read = async () => {
      for await (const _ of watch(inProcess(t, service)));
    };
    await assert.rejects(read, (error) => error instanceof ConnectError && error.code === code);
    assert.equal(service.began.length, 1);
  });
}

test("what the reader throws is the reader's", async (t) => {
  const service = feed(fallsSilent);
  const read = async () => {
    for await (const _ of watch(inProcess(t, service))) throw new ConnectError("the reader's own", Code.Unavailable);
  };
  await assert.rejects(read, /the reader's own/);
  assert.equal(service.began.length, 1);
});

for (const [name, how] of Object.entries({ "while it waits for a message": fallsSilent, "while it pauses": refusal(Code.Unavailable, { retryMs: 3_600_000 }) })) {
  test(`an aborted signal ends the feed quietly ${name}`, async (t) => {
    const reader = new AbortController();
    const client = (await serve(t, feed(how)))();
    let seen = 0;
    const onState = (/** @type {WatchState} */ { state }) => {
      if (state === "reconnecting") reader.abort();
    };
    for await (const _ of watch(client, {}, { signal: reader.signal, onState })) {
      if (++seen === 2 && how === fallsSilent) setImmediate(() => reader.abort());
    }
    assert.equal(seen, 2);
  });
}

for (const protocol of protocols) {
  test(`${protocol}: resumes over a real connection`, async (t) => {
    const service = feed(shuttingDown, fallsSilent);
    const client = (await serve(t, service))({ protocol });
    const seen = [];
    for await (const message of watch(client)) {
      assert.equal(message.event.case, "fraudActivity");
      if (seen.push(message.cursor) === 4) break;
    }
    assert.deepEqual(service.began, ["", "2"]);
  });
}
