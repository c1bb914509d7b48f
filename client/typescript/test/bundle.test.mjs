import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "vite";

test("a browser's bundle has no code of Node, and says what to do instead of gRPC", async (t) => {
  // There, so that the package is found by its name.
  const dir = mkdtempSync(fileURLToPath(new URL("../../../node_modules/.bundle-", import.meta.url)));
  t.after(() => rmSync(dir, { recursive: true }));
  const entry = join(dir, "entry.js");
  writeFileSync(entry, `export { createFraudClient } from "@grpcgoesbrrr/client";`);
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, minify: false, lib: { entry, formats: ["es"] } },
  });
  const [output] = /** @type {{ output: { code: string, imports: string[] }[] }[]} */ (built);
  const { code, imports } = /** @type {{ code: string, imports: string[] }} */ (output?.output[0]);
  assert.deepEqual(imports, []);
  assert.doesNotMatch(code, /node:|connect-node|__vite-browser-external/);

  const bundle = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  assert.throws(() => bundle.createFraudClient({ baseUrl: "/", protocol: "grpc" }), /^TypeError: protocol: "grpc" works in Node alone; leave it out/);
  assert.equal(typeof bundle.createFraudClient({ baseUrl: "/" }).getModel, "function");
});
