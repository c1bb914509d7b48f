// A small Connect server, over HTTP/1.1 for fetch and HTTP/2 for gRPC.
import * as http from "node:http";
import * as http2 from "node:http2";

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createFraudClient, FraudActivityService } from "@grpcgoesbrrr/client";

/** @typedef {import("@connectrpc/connect").ServiceImpl<typeof FraudActivityService>} Implementation */
/** @typedef {import("@grpcgoesbrrr/client").FraudTransportOptions} Options */

export const protocols = /** @type {const} */ (["grpc-web", "connect", "grpc"]);

/**
 * Starts it for one test, and gives a client of it.
 * @param {import("node:test").TestContext} t
 * @param {Partial<Implementation>} service
 */
export async function serve(t, service) {
  const handler = connectNodeAdapter({ routes: (router) => router.service(FraudActivityService, service) });
  const one = http.createServer(handler);
  const two = http2.createServer(handler);
  /** @type {Set<http2.ServerHttp2Session>} */
  const sessions = new Set();
  two.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  const [url1, url2] = await Promise.all([listen(one), listen(two)]);
  t.after(() => {
    one.close();
    one.closeAllConnections();
    two.close();
    for (const session of sessions) session.destroy();
  });
  /** @param {Partial<Options>} options */
  return (options = {}) => createFraudClient({ baseUrl: options.protocol === "grpc" ? url2 : url1, ...options });
}

/** @param {http.Server | http2.Http2Server} server @returns {Promise<string>} */
function listen(server) {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error(`no port: ${address}`);
      resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}

/**
 * An error as the service makes it: reason, and what may go with it.
 * @param {Code} code
 * @param {{ reason?: string, retryMs?: number, field?: string, requestId?: string }} [details]
 */
export function refusal(code, { reason, retryMs, field, requestId } = {}) {
  const error = new ConnectError("refused", code);
  /** @param {string} type @param {(to: BinaryWriter) => void} write */
  const add = (type, write) => {
    const to = new BinaryWriter();
    write(to);
    error.details.push({ type, value: to.finish() });
  };
  /** @param {BinaryWriter} to @param {number} field @param {string} value */
  const text = (to, field, value) => to.tag(field, WireType.LengthDelimited).string(value);
  if (reason) {
    add("google.rpc.ErrorInfo", (to) => {
      text(to, 1, reason);
      text(to, 2, "fraudactivity");
    });
  }
  if (field) {
    add("google.rpc.BadRequest", (to) => {
      to.tag(1, WireType.LengthDelimited).fork();
      text(to, 1, field);
      text(to, 2, "breaks a rule");
      to.join();
    });
  }
  if (retryMs !== undefined) {
    add("google.rpc.RetryInfo", (to) => {
      to.tag(1, WireType.LengthDelimited).fork();
      to.tag(1, WireType.Varint).int64(Math.floor(retryMs / 1000));
      to.tag(2, WireType.Varint).int32((retryMs % 1000) * 1e6);
      to.join();
    });
  }
  if (requestId) add("google.rpc.RequestInfo", (to) => text(to, 1, requestId));
  return error;
}

/**
 * What a call fails with.
 * @param {Promise<unknown>} call
 */
export async function failure(call) {
  const error = await call.then(
    () => undefined,
    (/** @type {unknown} */ thrown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw new Error(`want a ConnectError, got ${error}`);
  return error;
}
