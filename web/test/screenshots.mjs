// Takes the pictures of the documents, or all there are to look at:
//   node test/screenshots.mjs FOLDER [--all]
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch, openPage } from "./browser.mjs";
import { signIn } from "./pages.mjs";
import { Server } from "./server.mjs";

const [folder = ".", all] = process.argv.slice(2);

/** @type {[name: string, path: string, ready: string][]} */
const pages = [
  ["lookup", "/transactions/Y12a34x56", ".recharts-bar-rectangle"],
  ["live", "/live", "tbody tr:nth-child(12)"],
  ["activity", "/activity?order=probability", "tbody tr:nth-child(20)"],
  ["review", "/activity?order=probability&open=Y12a34x56", "aside .recharts-bar-rectangle"],
  ["overview", "/overview", ".recharts-scatter-symbol, .problem"],
  ["model", "/model", ".recharts-scatter-symbol"],
];

/** @type {[name: string, width: number, colorScheme: "light" | "dark"][]} */
const looks = all
  ? [["light", 1440, "light"], ["dark", 1440, "dark"], ["narrow", 380, "light"], ["narrow-dark", 380, "dark"], ["wide", 2560, "light"]]
  : [["light", 1440, "light"], ["dark", 1440, "dark"]];

// Those that README and docs/console.md show.
const shown = ["lookup-light", "live-dark", "review-light", "overview-light", "model-dark"];

const server = await Server.start({ flags: ["--demo"] });
const browser = await launch();
try {
  await mkdir(folder, { recursive: true });
  const key = await server.key("analyst");
  await new Promise((seen) => setTimeout(seen, Number(process.env.SETTLE_MS ?? 60_000))); // for something to be seen over time
  for (const [look, width, colorScheme] of looks) {
    const { page } = await openPage(await browser.newContext({ viewport: { width, height: 900 }, colorScheme }));
    await page.goto(server.url);
    await page.getByLabel("Key").waitFor();
    if (all) await page.screenshot({ path: join(folder, `door-${look}.png`) });
    await signIn(page, server.url, key);
    for (const [name, path, ready] of pages) {
      if (!all && !shown.includes(`${name}-${look}`)) continue;
      await page.goto(server.url + path);
      await page.locator(ready).first().waitFor();
      await page.waitForTimeout(1500); // for what comes by itself
      await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: all !== undefined });
    }
    await page.context().close();
  }
} finally {
  await browser.close();
  await server.close();
}
