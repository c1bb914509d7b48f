import type { SummarizeFraudActivityResponse } from "@grpcgoesbrrr/client";

type Bucket = SummarizeFraudActivityResponse["buckets"][number];

/** What all spans of a summary have together. */
export interface Sums {
  assessed: number;
  flagged: number;
  fraud: number;
  legitimate: number;
  flaggedFraud: number;
  flaggedLegitimate: number;
}

export function sumUp(buckets: Bucket[]): Sums {
  const sum = (value: (b: Bucket) => bigint) => Number(buckets.reduce((total, b) => total + value(b), 0n));
  return {
    assessed: sum((b) => b.assessed),
    flagged: sum((b) => b.flagged),
    fraud: sum((b) => b.outcomeFraud),
    legitimate: sum((b) => b.outcomeLegitimate),
    flaggedFraud: sum((b) => b.flaggedOutcomeFraud),
    flaggedLegitimate: sum((b) => b.flaggedOutcomeLegitimate),
  };
}
