import { useQuery } from "@connectrpc/connect-query";
import { FraudActivityService, Permission, reasonOf, View, type FraudActivity } from "@grpcgoesbrrr/client";
import { ago, time, utc } from "../format";
import { later } from "../later";
import { useSession } from "../session";
import { FactList } from "./facts";
import { Gauge } from "./gauge";
import { History } from "./history";
import { Label } from "./label";
import { OutcomeButtons } from "./outcome-buttons";
import { Problem } from "./problem";

const Waterfall = later(() => import("../plots/waterfall"));

const { getFraudActivity } = FraudActivityService.method;

interface Props {
  transactionId: string;
  keys?: boolean;
}

/** Asks about a transaction, and shows all that is known of it. */
export function Transaction({ transactionId, keys }: Props) {
  const { data, error, refetch, isFetching } = useQuery(getFraudActivity, { transactionId, view: View.EXPLAINED });
  // A model that cannot explain itself has a score all the same.
  const unexplained = reasonOf(error) === "UNIMPLEMENTED";
  const plain = useQuery(getFraudActivity, { transactionId, view: View.FULL }, { enabled: unexplained });
  const shown = data ?? plain.data;
  const failed = unexplained ? plain.error : error;
  if (shown) return <Answer of={shown} explained={data !== undefined} keys={keys} />;
  if (failed) return <Problem error={failed} retry={isFetching ? undefined : () => void refetch()} />;
  return <p role="status" className="wait">Asking the model …</p>;
}

function Answer({ of, explained, keys }: { of: FraudActivity; explained: boolean; keys?: boolean }) {
  const { may } = useSession();
  const { assessment } = of;
  return (
    <article className="transaction" aria-label={`Transaction ${of.transactionId}`}>
      <section className="card verdict">
        <h2 className="id">{of.transactionId}</h2>
        <Label flagged={of.predictedLabel} />
        <Gauge value={of.fraudProbability} threshold={assessment?.threshold} flagged={of.predictedLabel} />
        <p className="hint">
          {assessment?.fromRecord ? "From the record: assessed" : "Assessed"}{" "}
          <time dateTime={utc(assessment?.assessedAt)} title={time(assessment?.assessedAt)}>
            {assessment?.assessedAt && ago(assessment.assessedAt)}
          </time>{" "}
          by {assessment?.modelVersion}
        </p>
        {may(Permission.LABEL) && <OutcomeButtons transactionId={of.transactionId} outcome={assessment?.outcome} keys={keys} />}
      </section>
      <section className="card why">
        <h3>Why</h3>
        {explained ? (
          <Waterfall reasons={assessment?.reasons ?? []} />
        ) : (
          <p className="hint">The model now serving has no reasons to tell.</p>
        )}
      </section>
      <div className="more">
        <section className="card">
          <h3>Facts</h3>
          {assessment?.facts && <FactList facts={assessment.facts} linkAccount={may(Permission.READ)} />}
        </section>
        {may(Permission.READ) && (
          <section className="card">
            <h3>History</h3>
            <History transactionId={of.transactionId} />
          </section>
        )}
      </div>
    </article>
  );
}
