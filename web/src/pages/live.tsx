import { create } from "@bufbuild/protobuf";
import { FilterSchema, type Filter } from "@grpcgoesbrrr/client";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { useFeed, useFeedSource } from "../feed-provider";
import { pace, type FeedState } from "../feed";
import { count, money, percent, share, timeOfDay, took, utc } from "../format";
import { Label, Turned } from "../parts/label";
import { Problem } from "../parts/problem";
import { Tile } from "../parts/tile";
import { Minute } from "../plots/minute";

const filters: { name: string; filter: Filter }[] = [
  { name: "All", filter: create(FilterSchema) },
  { name: "Flagged as fraud", filter: create(FilterSchema, { predictedLabel: true }) },
  { name: "From 5 % up", filter: create(FilterSchema, { minFraudProbability: 5 }) },
];

/** Assessments as they are made. */
export default function Live() {
  const source = useFeedSource();
  const feed = useFeed();
  const now = useSeconds();
  const [chosen, setChosen] = useState(0);
  const [frozen, setFrozen] = useState<FeedState>();
  useEffect(() => () => source.narrow(create(FilterSchema)), [source]);
  const choose = (i: number) => {
    setChosen(i);
    setFrozen(undefined);
    source.narrow(filters[i]!.filter);
  };
  const shown = frozen ?? feed;
  const { rate, assessed, flagged } = pace(feed.seconds, feed.since, now);
  return (
    <>
      <div className="head">
        <h1>Live</h1>
        <div className="choice" role="group" aria-label="Which assessments">
          {filters.map(({ name }, i) => (
            <button key={name} type="button" aria-pressed={i === chosen} onClick={() => choose(i)}>
              {name}
            </button>
          ))}
        </div>
        <button type="button" className={frozen ? "primary" : ""} onClick={() => setFrozen(frozen ? undefined : feed)}>
          {frozen ? `Go on (${count(feed.total - frozen.total)} new)` : "Pause"}
        </button>
      </div>
      <Connection feed={feed} />
      <div className="tiles">
        <Tile name="Rate" value={rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} unit="assessments a second" />
        <Tile name="Flagged" value={share(flagged, assessed)} unit="of the last ten seconds’" />
        <Tile name="Answer time" value={took(feed.answerTime)} unit="from the ask until it is durable" />
        <Tile name="Since you look" value={count(feed.total)} unit="assessments" />
      </div>
      <Minute seconds={feed.seconds} now={now} />
      <Rows feed={shown} />
    </>
  );
}

function Connection({ feed }: { feed: FeedState }) {
  if (feed.status === "reconnecting") {
    return (
      <div className="banner" role="status">
        <strong>The connection was lost.</strong> This page connects again by itself, and goes on where it was.
      </div>
    );
  }
  if (feed.status === "off" && feed.error !== undefined) return <Problem error={feed.error} />;
  return null;
}

function Rows({ feed }: { feed: FeedState }) {
  if (feed.rows.length === 0) {
    return (
      <p className="empty">
        {feed.status === "open" ? "Nothing has been assessed since you look. What is comes here by itself." : "Connecting …"}
      </p>
    );
  }
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Assessments, the newest first">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">Assessed</th>
            <th scope="col">Transaction</th>
            <th scope="col" className="wide">Account</th>
            <th scope="col" className="number middling">Amount</th>
            <th scope="col" className="number">Probability</th>
            <th scope="col">Label</th>
            <th scope="col" className="wide">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {feed.rows.map((row) => (
            <tr key={row.transactionId + row.assessment?.modelVersion} className={row.predictedLabel ? "flagged" : ""}>
              <td title={utc(row.assessment?.assessedAt)}>{timeOfDay(row.assessment?.assessedAt)}</td>
              <td className="id">
                <Link href={`/transactions/${encodeURIComponent(row.transactionId)}`}>{row.transactionId}</Link>
              </td>
              <td className="wide id">{row.assessment?.facts?.accountId}</td>
              <td className="number middling">{row.assessment?.facts && money(row.assessment.facts.amount, row.assessment.facts.currency)}</td>
              <td className="number">{percent(row.fraudProbability)}</td>
              <td>
                <Label flagged={row.predictedLabel} />
              </td>
              <td className="wide">
                <Turned outcome={row.assessment?.outcome} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The time, in whole seconds since 1970, as it goes by. */
function useSeconds(): number {
  const [now, setNow] = useState(() => Math.floor(Date.now() / 1000));
  useEffect(() => {
    const tick = setInterval(() => setNow(Math.floor(Date.now() / 1000)), 1000);
    return () => clearInterval(tick);
  }, []);
  return now;
}
