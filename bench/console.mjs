// How long the console waits, with few and with many transactions recorded and
// assessed, a tenth of them labelled:
//   node bench/console.mjs 10000 1000000
// Prints medians and the longest of the calls behind the pages, over gRPC-Web, and
// of the pages themselves in Chromium until they show what they are for.
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { createFraudClient, Order } from "@grpcgoesbrrr/client";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";

import { launch, missing } from "../web/test/browser.mjs";
import { signIn } from "../web/test/pages.mjs";
import { Server } from "../web/test/server.mjs";

const rounds = 30;
const sizes = process.argv.slice(2).map(Number);

/** @type {Map<string, string[]>} */
const table = new Map();
const add = (name, times) => {
  times.sort((a, b) => a - b);
  const cell = `${times[times.length >> 1].toFixed(1)} (${times.at(-1).toFixed(1)})`;
  table.set(name, [...(table.get(name) ?? []), cell]);
};

/** Writes payments of the last 90 days, in order of time. */
async function payments(file, n) {
  const out = createWriteStream(file);
  out.write("transaction_id,account_id,amount,time,label\n");
  const now = Math.floor(Date.now() / 1000);
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647; // Park and Miller's
  for (let i = 0; i < n; i++) {
    const amount = (Math.exp(random() * 8)).toFixed(2);
    const label = random() < 0.1 ? (random() < 0.05 ? 1 : 0) : "";
    const line = `t${i},card-${Math.floor(random() * (n / 40 + 1))},${amount},${now - Math.floor(((n - i) / n) * 90 * 86400)},${label}\n`;
    if (!out.write(line)) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

/** Assesses all of them, four calls of a thousand at a time. */
async function assess(fraud, n) {
  let next = 0;
  const worker = async () => {
    for (let from = next; from < n; from = next) {
      next += 1000;
      const transactionIds = Array.from({ length: Math.min(1000, n - from) }, (_, i) => `t${from + i}`);
      const { results } = await fraud.batchGetFraudActivity({ transactionIds });
      for (const { transactionId, result } of results) if (result.case === "error") throw new Error(`${transactionId}: ${result.value.message}`);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

const ago = (seconds) => timestampFromDate(new Date(Math.ceil(Date.now() / 60_000) * 60_000 - seconds * 1000));

/** @type {[string, (fraud: ReturnType<typeof createFraudClient>) => Promise<unknown>][]} */
const calls = [
  ["list, newest", (fraud) => fraud.listFraudActivity({ pageSize: 25 })],
  ["list, most probable", (fraud) => fraud.listFraudActivity({ pageSize: 25, order: Order.FRAUD_PROBABILITY })],
  ["list, flagged", (fraud) => fraud.listFraudActivity({ pageSize: 25, filter: { predictedLabel: true } })],
  ["list, most probable not labelled", (fraud) => fraud.listFraudActivity({ pageSize: 25, order: Order.FRAUD_PROBABILITY, filter: { labelled: false } })],
  ["list, of one account", (fraud) => fraud.listFraudActivity({ pageSize: 25, filter: { accountId: "card-7" } })],
  ["summary of an hour", (fraud) => fraud.summarizeFraudActivity({ from: ago(3600), to: ago(0), buckets: 60 })],
  ["summary of 30 days", (fraud) => fraud.summarizeFraudActivity({ from: ago(30 * 86400), to: ago(0), buckets: 60 })],
  ["summary of a year", (fraud) => fraud.summarizeFraudActivity({ from: ago(365 * 86400), to: ago(0), buckets: 73 })],
];

/** @type {[string, string, string][]} */
const pages = [
  ["page Activity", "/activity", "tbody tr:nth-child(25)"],
  ["page Activity, most probable", "/activity?order=probability", "tbody tr:nth-child(25)"],
  ["page Overview", "/overview", ".recharts-bar-rectangle"],
  ["page Overview, a year", "/overview?range=365d", ".recharts-bar-rectangle"],
];

async function timePages(server, key) {
  const browser = await launch();
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(page, server.url, key);
  for (const [name, path, ready] of pages) {
    const times = [];
    for (let i = 0; i < 10; i++) {
      const began = performance.now();
      await page.goto(server.url + path);
      await page.locator(ready).first().waitFor();
      times.push(performance.now() - began);
    }
    add(name, times);
  }
  await browser.close();
}

for (const n of sizes) {
  const server = await Server.start();
  try {
    const key = await server.key("admin");
    const file = join(server.data, "payments.csv");
    await payments(file, n);
    await server.brrr(key, "import", file, "--rejects", join(server.data, "rejects.csv"));
    const fraud = createFraudClient({ baseUrl: server.url, key, timeoutMs: 60_000 });
    await assess(fraud, n);
    const whole = await fraud.summarizeFraudActivity({ from: ago(7200), to: ago(-60), buckets: 1 });
    const assessed = whole.buckets.reduce((sum, b) => sum + Number(b.assessed), 0);
    if (assessed !== n) throw new Error(`${assessed} of ${n} are in the summary`);
    for (const [name, call] of calls) {
      const times = [];
      for (let i = 0; i < rounds; i++) {
        const began = performance.now();
        await call(fraud);
        times.push(performance.now() - began);
      }
      add(name, times);
    }
    if (missing) console.error(`SKIPPED: pages: ${missing}`);
    else await timePages(server, key);
  } finally {
    await server.close();
  }
}
console.log(`| ms, median (longest) | ${sizes.map((n) => n.toLocaleString("en")).join(" | ")} |\n|---|${sizes.map(() => "--:|").join("")}`);
for (const [name, cells] of table) console.log(`| ${name} | ${cells.join(" | ")} |`);
