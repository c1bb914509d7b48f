import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ConnectError } from "@connectrpc/connect";

/** One field of a request that breaks a rule. */
export interface FieldViolation {
  /** As in the contract, such as transaction_id. */
  field: string;
  description: string;
}

/** The fields that INVALID_ARGUMENT is about. Empty for other errors. */
export function fieldViolations(error: unknown): FieldViolation[] {
  const badRequest = detail(error, "google.rpc.BadRequest");
  return (badRequest?.get(1) ?? []).map((violation) => {
    const parts = fieldsOf(violation as Uint8Array);
    return { field: text(parts, 1), description: text(parts, 2) };
  });
}

/** Milliseconds after which the service asks to be called again, if it says so. */
export function retryDelay(error: unknown): number | undefined {
  const retryInfo = detail(error, "google.rpc.RetryInfo");
  if (!retryInfo) return undefined;
  const duration = fieldsOf((retryInfo.get(1)?.[0] ?? new Uint8Array()) as Uint8Array);
  return Number(duration.get(1)?.[0] ?? 0) * 1_000 + Number(duration.get(2)?.[0] ?? 0) / 1_000_000;
}

/** Under which the service's log tells more, if it was the service that answered. */
export function requestIdOf(error: unknown): string | undefined {
  const requestInfo = detail(error, "google.rpc.RequestInfo");
  if (requestInfo) return text(requestInfo, 1);
  return error instanceof ConnectError ? (error.metadata.get("X-Request-Id") ?? undefined) : undefined;
}

export function errorInfo(error: unknown): { reason: string; domain: string } | undefined {
  const info = detail(error, "google.rpc.ErrorInfo");
  return info && { reason: text(info, 1), domain: text(info, 2) };
}

/** The values of a message's fields, by number: what google.rpc needs of the wire format, and no more. */
type Fields = Map<number, (Uint8Array | bigint | string | number)[]>;

function detail(error: unknown, type: string): Fields | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  for (const one of error.details) {
    if (!("type" in one) || one.type !== type) continue;
    try {
      return fieldsOf(one.value);
    } catch {
      return undefined; // not what it says it is: as good as absent
    }
  }
  return undefined;
}

function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Fields = new Map();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type !== WireType.LengthDelimited && type !== WireType.Varint) {
      reader.skip(type, number);
      continue;
    }
    const value = type === WireType.Varint ? reader.int64() : reader.bytes();
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

function text(fields: Fields, number: number): string {
  const value = fields.get(number)?.[0];
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}
