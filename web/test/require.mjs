// Tests in a browser are skipped, loudly, where there is none, and fail where it
// is required.
import { test as run } from "node:test";
import { launch, missing } from "./browser.mjs";
import { Server } from "./server.mjs";

const required = (process.env.BRRR_REQUIRE ?? "").split(",").includes("chromium");

/**
 * @param {string} name
 * @param {(t: import("node:test").TestContext) => Promise<void>} body
 */
export function test(name, body) {
  if (missing && required) return run(name, () => Promise.reject(new Error(missing)));
  if (missing) console.error(`SKIPPED: ${name}: ${missing}`);
  return run(name, { skip: missing || false, timeout: 300_000 }, body);
}

/**
 * A server and a browser, which end with the test.
 * @param {import("node:test").TestContext} t
 * @param {string[]} flags
 */
export async function start(t, ...flags) {
  const server = await Server.start({ flags });
  t.after(() => server.close());
  const browser = await launch();
  t.after(() => browser.close());
  return { server, browser };
}
