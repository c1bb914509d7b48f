import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// The server sends files as they lie here: what can be packed is packed once.
const pack: Plugin = {
  name: "pack",
  closeBundle() {
    for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
      if (!/\.(js|css|html|svg)$/.test(name)) continue;
      const bytes = readFileSync(`dist/${name}`);
      if (bytes.length > 1024) writeFileSync(`dist/${name}.gz`, gzipSync(bytes, { level: 9 }));
    }
  },
};

export default defineConfig({
  plugins: [pack],
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the content-security policy knows no inline scripts or styles
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // "use client" at the head of a library's files means nothing without a server that renders.
      onLog: (level, log, next) => log.code === "MODULE_LEVEL_DIRECTIVE" || next(level, log),
    },
  },
  server: { proxy: { "/fraudactivity.v1.FraudActivityService": "http://127.0.0.1:8080" } },
  test: { include: ["src/**/*.test.ts"] },
});
