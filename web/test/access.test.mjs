// For everybody: axe finds nothing, at any width, light or dark; nothing is wider
// than the window; what the keyboard reaches can be seen.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { openPage } from "./browser.mjs";
import { lookUp, signIn } from "./pages.mjs";
import { start, test } from "./require.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

test("every page is usable by everybody", async (t) => {
  const { server, browser } = await start(t, "--demo");
  const key = await server.key("analyst");
  /** @type {[string, (page: import("playwright-core").Page) => Promise<unknown>][]} */
  const pages = [
    ["/", (page) => page.getByLabel("Look up a transaction").waitFor()],
    ["/transactions/Y12a34x56", (page) => page.locator(".recharts-bar-rectangle").first().waitFor()],
    ["/transactions/nobody", (page) => page.getByRole("alert").waitFor()],
    ["/live", (page) => page.getByRole("row").nth(2).waitFor()],
    ["/activity", (page) => page.getByRole("row").nth(20).waitFor()],
    ["/activity?open=Y12a34x56", (page) => page.locator("aside .recharts-bar-rectangle").first().waitFor()],
    ["/activity?min=200", (page) => page.getByRole("alert").waitFor()],
    ["/overview", (page) => page.locator(".recharts-bar-rectangle").first().waitFor()],
    ["/model", (page) => page.locator(".recharts-scatter-symbol").first().waitFor()],
  ];
  /** @type {["light" | "dark", number][]} */
  const looks = [["light", 380], ["dark", 1280], ["light", 2560]];
  for (const [colorScheme, width] of looks) {
    await t.test(`${colorScheme}, ${width} pixels wide`, async () => {
      // axe is put into the page by the test, past the page's own policy.
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      const { page } = await openPage(context);
      await page.goto(server.url);
      await page.getByLabel("Key").waitFor();
      await check(page, "the door");
      await signIn(page, server.url, key);
      for (const [path, ready] of pages) {
        await page.goto(server.url + path);
        await ready(page);
        await check(page, path);
      }
      await context.close();
    });
  }

  await t.test("the keyboard alone leads from the door to an answer", async () => {
    const { page } = await openPage(await browser.newContext());
    await page.goto(server.url);
    await page.getByLabel("Key").waitFor();
    await page.keyboard.type(key);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await page.keyboard.press("Tab"); // from the field that has the focus
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.type("Y12a34x56");
    await page.keyboard.press("Enter");
    await page.getByRole("meter").waitFor();
    const seen = new Set();
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      seen.add(await page.evaluate(() => document.activeElement?.textContent?.trim()));
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
      const on = await page.evaluate(() => document.activeElement?.tagName);
      if (on !== "BODY") assert.notEqual(outline, "none", `the focus on ${on} is seen`);
    }
    for (const name of ["Live", "Sign out", "Skip to the page"]) assert.ok(seen.has(name), `${name} is reached: ${[...seen].join(" | ")}`);
    await lookUp(page, "Y12a34x56");
  });
});

/**
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
async function check(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    // @ts-expect-error: put there above
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const broken = found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html + " " + n.failureSummary).slice(0, 3).join("; ")}`);
  assert.deepEqual(broken, [], `${name}: axe`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${name}: ${wide} pixels wider than the window`);
}
