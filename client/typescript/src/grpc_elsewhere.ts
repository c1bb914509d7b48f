import type { Interceptor, Transport } from "@connectrpc/connect";

/** Stands in where HTTP/2 trailers are out of reach, so that no bundle pulls Node's code. */
export function createGrpcTransport(_: { baseUrl: string; interceptors: Interceptor[] }): Transport {
  throw new TypeError('protocol: "grpc" works in Node alone; leave it out to speak gRPC-Web, which the service speaks on the same port');
}
