// How far an overview looks back.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { SummarizeFraudActivityRequestSchema, type SummarizeFraudActivityRequest } from "@grpcgoesbrrr/client";

export interface Range {
  id: string;
  name: string;
  seconds: number;
  buckets: number;
}

const hour = 3600;
const day = 24 * hour;

export const ranges: Range[] = [
  { id: "1h", name: "Hour", seconds: hour, buckets: 60 },
  { id: "1d", name: "Day", seconds: day, buckets: 72 },
  { id: "7d", name: "Week", seconds: 7 * day, buckets: 84 },
  { id: "30d", name: "30 days", seconds: 30 * day, buckets: 60 },
  { id: "365d", name: "Year", seconds: 365 * day, buckets: 73 },
];

export const rangeOf = (id: string | null): Range => ranges.find((range) => range.id === id) ?? ranges[0]!;

/** The newest span of the range, its end at the next whole minute, so that it is the same for a while. */
export function requestOf(range: Range, now: number): SummarizeFraudActivityRequest {
  const to = Math.ceil((now + 1) / 60_000) * 60_000;
  return create(SummarizeFraudActivityRequestSchema, {
    from: timestampFromDate(new Date(to - range.seconds * 1000)), to: timestampFromDate(new Date(to)), buckets: range.buckets,
  });
}
