import { useQuery } from "@connectrpc/connect-query";
import {
  FraudActivityService,
  OutcomeLabel,
  OutcomeSource,
  type FraudActivity,
  type Outcome,
} from "@grpcgoesbrrr/client";
import { dateOf, percent, time, utc } from "../format";
import { Label } from "./label";
import { Problem } from "./problem";

const { listFraudActivity, listOutcomes } = FraudActivityService.method;

const sources: Record<OutcomeSource, string> = {
  [OutcomeSource.UNSPECIFIED]: "unknown",
  [OutcomeSource.CHARGEBACK]: "chargeback",
  [OutcomeSource.ANALYST]: "analyst",
  [OutcomeSource.CUSTOMER]: "customer",
  [OutcomeSource.IMPORT]: "imported file",
};

const reports: Record<OutcomeLabel, string> = {
  [OutcomeLabel.UNSPECIFIED]: "Reported",
  [OutcomeLabel.FRAUD]: "Reported as fraud",
  [OutcomeLabel.LEGITIMATE]: "Reported as legitimate",
  [OutcomeLabel.WITHDRAWN]: "Outcome taken back",
};

type Entry = { at: Date; stamp: string; shown: string } & (
  | { kind: "assessment"; of: FraudActivity }
  | { kind: "outcome"; of: Outcome }
);

/** Everything that was said of a transaction, the newest first. */
export function History({ transactionId }: { transactionId: string }) {
  const assessments = useQuery(listFraudActivity, { filter: { transactionId }, pageSize: 100 });
  const outcomes = useQuery(listOutcomes, { transactionId });
  const error = assessments.error ?? outcomes.error;
  if (error) return <Problem error={error} retry={() => void (assessments.refetch(), outcomes.refetch())} />;
  if (!assessments.data || !outcomes.data) return <p role="status" className="wait">Loading …</p>;
  const entries: Entry[] = [
    ...assessments.data.fraudActivities.flatMap((of): Entry[] =>
      of.assessment?.assessedAt
        ? [{ kind: "assessment", of, at: dateOf(of.assessment.assessedAt), stamp: utc(of.assessment.assessedAt), shown: time(of.assessment.assessedAt) }]
        : [],
    ),
    ...outcomes.data.outcomes.flatMap((of): Entry[] =>
      of.occurredAt ? [{ kind: "outcome", of, at: dateOf(of.occurredAt), stamp: utc(of.occurredAt), shown: time(of.occurredAt) }] : [],
    ),
  ].sort((a, b) => b.at.getTime() - a.at.getTime());
  return (
    <ol className="history">
      {entries.map((entry, i) => (
        <li key={i} className={entry.kind}>
          <time dateTime={entry.stamp} title={`${entry.stamp} (UTC)`}>
            {entry.shown}
          </time>
          {entry.kind === "assessment" ? <Assessed of={entry.of} /> : <Reported of={entry.of} />}
        </li>
      ))}
    </ol>
  );
}

const Assessed = ({ of }: { of: FraudActivity }) => (
  <div>
    Assessed: <Label flagged={of.predictedLabel} /> <strong>{percent(of.fraudProbability)}</strong>
    <div className="hint">by {of.assessment?.modelVersion}</div>
  </div>
);

const Reported = ({ of }: { of: Outcome }) => (
  <div>
    {reports[of.outcome]} <span className="hint">({sources[of.source]})</span>
    {of.note && <div className="hint quoted">“{of.note}”</div>}
  </div>
);
