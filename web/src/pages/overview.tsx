import { useQuery } from "@connectrpc/connect-query";
import { FraudActivityService, type SummarizeFraudActivityResponse } from "@grpcgoesbrrr/client";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import { count, share } from "../format";
import { Agreement } from "../parts/agreement";
import { Problem } from "../parts/problem";
import { Tile } from "../parts/tile";
import { OutcomesOverTime, ScoresOverTime, ShareFlagged, Volume } from "../plots/over-time";
import { ScoreHistogram } from "../plots/scores";
import { rangeOf, ranges, requestOf } from "../ranges";
import { sumUp, type Sums } from "../sums";

const { summarizeFraudActivity } = FraudActivityService.method;
const refreshMs = 5000;

/** What was assessed, flagged and labelled over time. */
export default function Overview() {
  const [search, setSearch] = useSearchParams();
  const range = rangeOf(search.get("range"));
  const now = useNow();
  const summary = useQuery(summarizeFraudActivity, requestOf(range, now), {
    placeholderData: keepPreviousData, refetchInterval: refreshMs,
  });
  return (
    <>
      <div className="head">
        <h1>Overview</h1>
        <div className="choice" role="group" aria-label="How far back">
          {ranges.map(({ id, name }) => (
            <button key={id} type="button" aria-pressed={id === range.id} onClick={() => setSearch({ range: id })}>
              {name}
            </button>
          ))}
        </div>
      </div>
      {summary.error && <Problem error={summary.error} retry={() => void summary.refetch()} />}
      {!summary.data && !summary.error && <p role="status" className="wait">Counting …</p>}
      {summary.data && <Plots of={summary.data} />}
    </>
  );
}

function Plots({ of }: { of: SummarizeFraudActivityResponse }) {
  const sums = sumUp(of.buckets);
  return (
    <>
      <Tiles of={sums} />
      {sums.assessed === 0 && <p className="empty">Nothing was assessed in this time. Look further back.</p>}
      <div className="plots">
        <Volume of={of} />
        <ShareFlagged of={of} />
        <ScoresOverTime of={of} />
        <ScoreHistogram of={of} />
        <OutcomesOverTime of={of} />
        <Agreement of={sums} />
      </div>
    </>
  );
}

const Tiles = ({ of }: { of: Sums }) => (
  <div className="tiles">
    <Tile name="Assessed" value={count(of.assessed)} unit="transactions" />
    <Tile name="Flagged" value={share(of.flagged, of.assessed)} unit={`${count(of.flagged)} of them`} />
    <Tile name="Outcomes" value={count(of.fraud + of.legitimate)} unit={`${share(of.fraud + of.legitimate, of.assessed)} of the assessed`} />
    <Tile name="Precision" value={share(of.flaggedFraud, of.flaggedFraud + of.flaggedLegitimate)} unit="of the flagged with an outcome were fraud" />
    <Tile name="Recall" value={share(of.flaggedFraud, of.fraud)} unit="of the frauds were flagged" />
  </div>
);

/** The time, to within some seconds. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const tick = setInterval(() => setNow(Date.now()), refreshMs);
    return () => clearInterval(tick);
  }, []);
  return now;
}
