import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport as overHTTP2 } from "@connectrpc/connect-node";

/** gRPC over Node's own HTTP/2. */
export function createGrpcTransport(options: { baseUrl: string; interceptors: Interceptor[] }): Transport {
  return overHTTP2(options);
}
