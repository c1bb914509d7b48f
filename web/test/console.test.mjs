// An analyst at work: real Chromium, real server, real model.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openPage } from "./browser.mjs";
import { assertAllGrpcWeb, lookUp, says, signIn } from "./pages.mjs";
import { start, test } from "./require.mjs";

const demo = "Y12a34x56";

test("an analyst looks, decides, takes back, and sees it everywhere", async (t) => {
  const { server, browser } = await start(t, "--demo");
  const [analyst, admin] = [await server.key("analyst"), await server.key("admin")];
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const first = await openPage(context);
  const second = await openPage(context);

  await t.test("a key that does not open is told so, in words", async () => {
    const { page } = first;
    await page.goto(server.url);
    await page.getByLabel("Key").fill("brrr_nobody_nothing");
    await page.getByRole("button", { name: "Sign in" }).click();
    await says(page.getByRole("alert"), "This key does not open");
  });

  await t.test("the link of the first start signs in, and leaves no key in the address", async () => {
    const link = /http:\S+\/#key=\S+/.exec(server.said)?.[0] ?? "";
    const { page } = await openPage(await browser.newContext());
    await page.goto(link);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    assert.equal(page.url(), `${server.url}/`);
    await page.context().close();
  });

  await t.test("a transaction is looked up: probability, label, facts and reasons", async () => {
    const { page } = first;
    await signIn(page, server.url, analyst);
    const shown = await lookUp(page, demo);
    const meter = shown.getByRole("meter", { name: "Fraud probability" });
    const [answer] = (await server.brrr(analyst, "check", demo, "-o", "json")).split("\n");
    const probability = JSON.parse(answer ?? "").fraud_probability;
    assert.equal(Number(await meter.getAttribute("aria-valuenow")), Number(probability.toFixed(2)));
    await says(shown, "Fraud");
    await says(shown, "2,349.99 USD");
    await says(shown, "10 years");
    await shown.locator(".recharts-bar-rectangle").first().waitFor();
    await shown.getByText("as a table").click();
    await says(shown.getByRole("row"), /Time of day03:12 UTC\+7\.0/);
    assert.equal(page.url(), `${server.url}/transactions/${demo}`);
  });

  await t.test("it is labelled, and a second tab sees it at once", async () => {
    await signIn(second.page, server.url, analyst);
    const there = await lookUp(second.page, demo);
    await says(there, "It turned out to be: ▲ Fraud"); // as the file said
    const here = first.page.getByRole("article");
    await here.getByLabel("Note to the outcome").fill("the customer called");
    await here.getByRole("button", { name: "Mark as legitimate" }).click();
    await says(there, "It turned out to be: ● Legitimate");
    await says(there.getByRole("listitem"), /Reported as legitimate \(analyst\)“the customer called”/);
    await says(here, "It turned out to be: ● Legitimate");
  });

  await t.test("the list shows it, and undo brings back what stood before", async () => {
    const { page } = first;
    await page.getByRole("link", { name: "Activity", exact: true }).click();
    await page.getByLabel("Transaction", { exact: true }).fill(demo);
    await page.keyboard.press("Enter");
    const row = page.getByRole("row").filter({ hasText: demo });
    await says(row, "● Legitimate");
    assert.match(page.url(), /transaction=Y12a34x56/);
    await page.getByRole("button", { name: "Undo" }).click();
    await says(row, /▲ Fraud.*▲ Fraud/);
  });

  await t.test("a queue is reviewed by keyboard", async () => {
    const file = join(server.data, "queue.csv");
    const rows = [1, 2, 3].map((n) => `queue-${n},card-queue,${n * 10},EUR,17000000${n}0`);
    await writeFile(file, ["transaction_id,account_id,amount,currency,time", ...rows, ""].join("\n"));
    await server.brrr(admin, "import", file, "--server", server.url, "--rejects", join(server.data, "rejects.csv"));
    await server.brrr(admin, "check", "queue-1", "queue-2", "queue-3");
    const { page } = first;
    await page.goto(`${server.url}/activity?account=card-queue&outcome=none`);
    await says(page.getByRole("row"), "queue-1");
    await page.keyboard.press("j");
    const beside = page.getByRole("complementary", { name: "The transaction" });
    const heading = beside.locator("h2.id");
    const one = await heading.textContent();
    await page.keyboard.press("f");
    await says(page.locator(".toast"), `${one} is reported as fraud`);
    await heading.filter({ hasNotText: one ?? "" }).waitFor(); // the next one
    await page.getByRole("row").filter({ hasText: one ?? "" }).waitFor({ state: "detached" }); // it has an outcome now
    await page.keyboard.press("u");
    await page.getByRole("row").filter({ hasText: one ?? "" }).waitFor();
    await page.keyboard.press("Escape");
    await beside.waitFor({ state: "detached" });
    const history = await server.brrr(analyst, "check", one ?? "", "--view", "full", "-o", "json");
    assert.equal(JSON.parse(history).assessment.outcome, undefined, "it is taken back");
  });

  await t.test("the list is saved as CSV, all pages of it", async () => {
    const { page } = first;
    await page.goto(`${server.url}/activity?label=fraud`);
    await page.getByRole("row").nth(1).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download CSV" }).click(),
    ]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().trimEnd().split("\r\n");
    const listed = (await server.brrr(analyst, "list", "--label", "fraud", "--limit", "100000", "-o", "json")).trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^transaction_id,predicted_label,fraud_probability,/);
    assert.ok(lines.some((line) => line.startsWith(`${demo},true,99.9`)));
    assert.ok(Math.abs(lines.length - 1 - listed.length) < 30, `${lines.length - 1} rows, ${listed.length} listed a moment later`);
  });

  await t.test("pages turn, and the address leads to the same list", async () => {
    const { page } = first;
    await page.goto(`${server.url}/activity`);
    await page.getByRole("row").nth(25).waitFor();
    const top = await page.getByRole("row").nth(1).textContent();
    await page.getByRole("button", { name: "Next" }).click();
    await page.waitForURL(/page=/);
    await page.waitForFunction((before) => document.querySelectorAll("tbody tr")[0]?.textContent !== before, top);
    const next = await page.getByRole("row").nth(1).textContent();
    await page.reload();
    await page.getByRole("row").nth(25).waitFor();
    assert.equal(await page.getByRole("row").nth(1).textContent(), next);
    await page.getByRole("button", { name: "Before" }).click();
    await page.waitForURL((url) => !url.search.includes("page="));
  });

  await t.test("Live shows what is assessed as it is, and holds still when it is asked to", async () => {
    const { page } = first;
    await page.getByRole("link", { name: "Live", exact: true }).click();
    await page.getByRole("row").nth(3).waitFor(); // the demo's own traffic
    await page.getByRole("button", { name: "Pause" }).click();
    const still = await page.locator("tbody").textContent();
    await says(page.getByRole("button"), /Go on \([1-9]/);
    assert.equal(await page.locator("tbody").textContent(), still);
    await page.getByRole("button", { name: /Go on/ }).click();
    await page.waitForFunction((before) => document.querySelector("tbody")?.textContent !== before, still);
    await says(page.locator(".tile").filter({ hasText: "Answer time" }), /\d ms/);
  });

  await t.test("Overview and Model draw what the service counts", async () => {
    const { page } = first;
    await page.getByRole("link", { name: "Overview", exact: true }).click();
    const assessed = page.locator(".tile").filter({ has: page.getByText("Assessed", { exact: true }) }).locator(".tile-value");
    await assessed.waitFor();
    const counted = Number((await assessed.textContent())?.replaceAll(",", ""));
    assert.ok(counted > 10, `${counted}`);
    await page.locator(".recharts-bar-rectangle").first().waitFor();
    await page.getByRole("link", { name: "Model", exact: true }).click();
    await says(page.locator(".tile"), "simulated-");
    await page.locator(".recharts-scatter-symbol").first().waitFor();
  });

  assert.deepEqual(first.errors.concat(second.errors), [], "the browser's console is clean");

  await t.test("the server restarts while Live is open, and Live goes on", async () => {
    const { page } = first;
    await page.getByRole("link", { name: "Live", exact: true }).click();
    await page.getByRole("row").nth(1).waitFor();
    await server.down();
    await says(page.getByRole("status"), "The connection was lost");
    await server.up();
    await page.getByText("The connection was lost").waitFor({ state: "detached" });
    const file = join(server.data, "after.csv");
    await writeFile(file, "transaction_id,account_id,amount,currency,time\nafter-restart,card-queue,10,EUR,1700000000\n");
    await server.brrr(admin, "import", file, "--server", server.url, "--rejects", join(server.data, "rejects.csv"));
    await server.brrr(admin, "check", "after-restart");
    await says(page.getByRole("row"), "after-restart");
  });

  const broken = first.errors.concat(second.errors).filter((text) => !text.includes("net::ERR_"));
  assert.deepEqual(broken, [], "nothing but the lost connection is complained of");
  assertAllGrpcWeb(first.calls.concat(second.calls));

  await t.test("signing out forgets the key", async () => {
    const { page } = first;
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Key").waitFor();
    await page.reload();
    await page.getByLabel("Key").waitFor();
    assert.equal(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage })), "{}");
  });
});
