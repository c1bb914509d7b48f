// Debian's Chromium, watched: what a page says to its console, and what it asks
// the server for.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why tests in a browser cannot run here; empty if they can. */
export const missing = existsSync(executablePath) ? "" : "no Chromium; to run these tests: apt-get install chromium";

export const launch = () =>
  chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });

/**
 * Opens a page, and keeps what went wrong on it.
 * @param {import("playwright-core").BrowserContext} context
 */
export async function openPage(context) {
  const page = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  /** @type {{ url: string, method: string, type: string }[]} */
  const calls = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => {
    if (request.url().includes("/fraudactivity.v1.")) {
      calls.push({ url: request.url(), method: request.method(), type: request.headers()["content-type"] ?? "" });
    }
  });
  return { page, errors, calls };
}
