// The service as users start it, on a free port and a folder of its own.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const brrr = process.env.BRRR_BINARY ?? join(root, "bin/brrr");
const run = promisify(execFile);

/** A port that nobody listens on now. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => probe.once("listening", done));
  const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
  await new Promise((done) => probe.close(done));
  return port;
}

export class Server {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  said = "";

  /** @param {{ flags?: string[] }} options */
  static async start({ flags = [] } = {}) {
    const server = new Server(await mkdtemp(join(tmpdir(), "brrr-console-")), await freePort());
    await server.up(flags).catch(async (error) => {
      await server.close();
      throw error;
    });
    return server;
  }

  /**
   * @param {string} data
   * @param {number} port
   */
  constructor(data, port) {
    this.data = data;
    this.url = `http://127.0.0.1:${port}`;
    this.port = port;
  }

  /**
   * Starts it, and waits until a real score can be had, or only until it answers.
   * @param {string[]} flags
   * @param {"readyz" | "healthz"} until
   */
  async up(flags = [], until = "readyz") {
    const args = ["serve", `--listen=127.0.0.1:${this.port}`, "--admin-listen=", `--data=${this.data}`, "--log-format=text", "--log-level=warn", ...flags];
    const child = spawn(brrr, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, BRRR_KEY: "" } });
    this.#process = child;
    const stop = () => child.kill("SIGTERM"); // if this process ends before the server was stopped
    process.once("exit", stop);
    child.once("exit", () => process.removeListener("exit", stop));
    child.stdout.on("data", (text) => (this.said += text));
    child.stderr.on("data", (text) => (this.said += text));
    let ended = false;
    child.once("exit", () => (ended = true));
    for (let tries = 0; ; tries++) {
      if (ended || tries > 1200) throw new Error(`the server did not come up:\n${this.said}`);
      const ready = await fetch(`${this.url}/${until}`).then((r) => r.ok, () => false);
      // With --demo it is ready before it has shown the first call.
      if (ready && (!flags.includes("--demo") || this.said.includes("Serving until"))) return;
      await new Promise((next) => setTimeout(next, 100));
    }
  }

  /** Stops it as an operator does, and waits until it has ended. */
  async down() {
    const child = this.#process;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
  }

  async close() {
    await this.down();
    await rm(this.data, { recursive: true, force: true });
  }

  /** @param {string} role */
  async key(role) {
    const { stdout } = await run(brrr, ["keys", "create", `--name=${role}`, `--role=${role}`, `--data=${this.data}`]);
    return stdout.trim();
  }

  /**
   * Runs a client command.
   * @param {string} key
   * @param {string[]} args
   */
  async brrr(key, ...args) {
    const { stdout } = await run(brrr, args, { env: { ...process.env, BRRR_SERVER: this.url, BRRR_KEY: key } });
    return stdout;
  }
}
