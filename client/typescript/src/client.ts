import { createClient, type Client } from "@connectrpc/connect";

import { FraudActivityService } from "./gen/fraudactivity/v1/service_pb.js";
import { createFraudTransport, type FraudTransportOptions } from "./transport.js";

/** One method a procedure: a promise of the answer, or of a stream of messages. */
export type FraudClient = Client<typeof FraudActivityService>;

/** A client of the service at `baseUrl`. It connects on the first call. */
export function createFraudClient(options: FraudTransportOptions): FraudClient {
  return createClient(FraudActivityService, createFraudTransport(options));
}
