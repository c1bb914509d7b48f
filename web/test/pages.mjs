// How a person gets about the console.
import assert from "node:assert/strict";

/**
 * @param {import("playwright-core").Page} page
 * @param {string} url
 * @param {string} key
 */
export async function signIn(page, url, key) {
  await page.goto(url);
  await page.getByLabel("Key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/**
 * @param {import("playwright-core").Page} page
 * @param {string} id
 */
export async function lookUp(page, id) {
  await page.getByRole("link", { name: "Look up", exact: true }).click();
  await page.getByLabel("Look up a transaction").fill(id);
  await page.keyboard.press("Enter");
  return page.getByRole("article", { name: `Transaction ${id}` });
}

/**
 * Waits until a card or a cell says something.
 * @param {import("playwright-core").Locator} where
 * @param {string | RegExp} text
 */
export async function says(where, text) {
  await where.filter({ hasText: text }).first().waitFor();
}

/**
 * @param {{ url: string, method: string, type: string }[]} calls
 */
export function assertAllGrpcWeb(calls) {
  assert.ok(calls.length > 0, "the page has called");
  for (const call of calls) assert.deepEqual([call.method, call.type], ["POST", "application/grpc-web+proto"], call.url);
}
