// What the first page costs, and where it comes from.
import assert from "node:assert/strict";
import { openPage } from "./browser.mjs";
import { signIn } from "./pages.mjs";
import { start, test } from "./require.mjs";

const kB = 1000;

test("the first page has under 200 kB of packed script, all from this server", async (t) => {
  const { server, browser } = await start(t);
  const { page, errors } = await openPage(await browser.newContext());
  /** @type {Set<string>} */
  const origins = new Set();
  /** @type {import("playwright-core").Request[]} */
  const scripts = [];
  page.on("requestfinished", (request) => {
    origins.add(new URL(request.url()).origin);
    if (request.url().endsWith(".js")) scripts.push(request);
  });
  const reply = await page.goto(server.url);
  assert.match(reply?.headers()["content-security-policy"] ?? "", /^default-src 'none'; script-src 'self';/);
  await signIn(page, server.url, await server.key("analyst"));
  await page.getByLabel("Look up a transaction").waitFor();
  let script = 0;
  for (const request of scripts) script += (await request.sizes()).responseBodySize;
  t.diagnostic(`${(script / kB).toFixed(0)} kB of script until a transaction can be looked up`);
  assert.ok(script > 0 && script < 200 * kB, `${script} bytes`);
  assert.deepEqual([...origins], [server.url]);
  assert.deepEqual(errors, []);
});
