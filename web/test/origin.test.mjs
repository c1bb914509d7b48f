// A page of another origin, built on the npm package: it works where the operator
// has allowed it, and is refused elsewhere.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "vite";
import { openPage } from "./browser.mjs";
import { start, test } from "./require.mjs";
import { root } from "./server.mjs";

const page = `
import { createFraudClient, reasonOf } from "@grpcgoesbrrr/client";
const given = new URLSearchParams(location.hash.slice(1));
const client = createFraudClient({ baseUrl: given.get("server"), key: given.get("key"), protocol: given.get("protocol"), retries: 0 });
const say = (text) => { document.body.textContent = text; };
client.getFraudActivity({ transactionId: given.get("id") }).then(
  (activity) => say("answered " + activity.transactionId + " " + activity.fraudProbability),
  (error) => say("failed " + (reasonOf(error) ?? "unreached")),
);
`;

test("a page of an allowed origin calls, one of another is refused", async (t) => {
  const folder = await mkdtemp(join(root, "web/.origin-")); // within the reach of node_modules
  const sites = [await site(folder), await site(folder)];
  const [allowed, other] = sites.map((s) => `http://127.0.0.1:${/** @type {any} */ (s.address()).port}`);
  const { server, browser } = await start(t, "--demo", `--cors-origin=${allowed}`);
  t.after(async () => {
    for (const s of sites) s.close();
    await rm(folder, { recursive: true });
  });
  const key = await server.key("client");
  for (const protocol of ["grpc-web", "connect"]) {
    for (const [origin, id, want] of [
      [allowed, "Y12a34x56", /^answered Y12a34x56 99\.93/],
      [allowed, "nobody", /^failed TRANSACTION_UNKNOWN$/],
      [other, "Y12a34x56", /^failed unreached$/],
    ]) {
      const { page, calls } = await openPage(await browser.newContext());
      await page.goto(`${origin}/#${new URLSearchParams({ server: server.url, key, protocol, id: String(id) })}`);
      await page.waitForFunction(() => document.body.textContent?.match(/^(answered|failed)/));
      assert.match((await page.textContent("body")) ?? "", /** @type {RegExp} */ (want), `${protocol} from ${origin === allowed ? "the allowed" : "another"} origin`);
      assert.ok(calls.length > 0);
      await page.context().close();
    }
  }
});

/**
 * A server of one page, as somebody else's site would have it.
 * @param {string} folder
 */
async function site(folder) {
  await writeFile(join(folder, "page.js"), page);
  await build({
    root: folder, configFile: false, logLevel: "error",
    build: { outDir: join(folder, "out"), lib: { entry: "page.js", formats: ["es"], fileName: "page" } },
  });
  const script = await readFile(join(folder, "out/page.js"));
  const http = createServer((req, res) => {
    const isScript = req.url === "/page.js";
    res.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    res.end(isScript ? script : '<!doctype html><title>other</title><link rel="icon" href="data:,"><body></body><script type="module" src="/page.js"></script>');
  });
  await new Promise((done) => http.listen(0, "127.0.0.1", () => done(undefined)));
  return http;
}
