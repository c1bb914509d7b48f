// What a person is told when there is no answer, and what a role is not offered.
import assert from "node:assert/strict";
import { openPage } from "./browser.mjs";
import { lookUp, says, signIn } from "./pages.mjs";
import { start, test } from "./require.mjs";
import { freePort } from "./server.mjs";

test("a role is offered what it may do, and no more", async (t) => {
  const { server, browser } = await start(t);
  const { page, errors } = await openPage(await browser.newContext());
  await signIn(page, server.url, await server.key("client"));
  assert.deepEqual(await page.getByRole("navigation").getByRole("link").allTextContents(), ["Look up"]);
  await page.goto(`${server.url}/live`);
  await page.waitForURL(`${server.url}/`);
  await lookUp(page, "nobody-knows");
  await says(page.getByRole("alert"), 'no transaction "nobody-knows" is recorded');
  await says(page.getByRole("alert"), "Identifiers are compared letter by letter");
  await page.getByLabel("Look up a transaction").fill("not/an/id");
  await says(page.getByRole("alert"), "letters, digits and . _ : - only");
  assert.deepEqual(errors, []);

  await t.test("a key that is revoked signs out, and says why", async () => {
    const key = await server.key("analyst");
    const { page } = await openPage(await browser.newContext());
    await signIn(page, server.url, key);
    await server.brrr("", "keys", "revoke", key.split("_")[1] ?? "", `--data=${server.data}`);
    await says(page.getByRole("status"), "Your key no longer opens");
  });
});

test("a model that is down is told as such, never as a score", async (t) => {
  const nowhere = await freePort();
  const { server, browser } = await start(t, "--demo");
  const analyst = await server.key("analyst");
  await server.down();
  await server.up(["--predictor", `http://127.0.0.1:${nowhere}`, "--predictor-version=gone"], "healthz");
  const { page } = await openPage(await browser.newContext());
  await signIn(page, server.url, analyst);
  await lookUp(page, "Y12a34x56");
  await says(page.getByRole("alert"), "The model does not answer");
  await says(page.getByRole("alert"), "There is no score, and none is made up");
  assert.equal(await page.getByRole("meter").count(), 0);
});
