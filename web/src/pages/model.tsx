import { useQuery } from "@connectrpc/connect-query";
import { FraudActivityService, type LiveFigures, type Model as Described } from "@grpcgoesbrrr/client";
import { count, percent, time, words } from "../format";
import { Problem } from "../parts/problem";
import { Tile } from "../parts/tile";
import { Calibration } from "../plots/calibration";

const { getModel } = FraudActivityService.method;

/** The model now serving: what it promised, and what came true. */
export default function Model() {
  const { data, error, refetch } = useQuery(getModel, {}, { refetchInterval: 15_000 });
  return (
    <>
      <div className="head">
        <h1>Model</h1>
      </div>
      {error && <Problem error={error} retry={() => void refetch()} />}
      {!data && !error && <p role="status" className="wait">Asking …</p>}
      {data && <Description of={data} />}
    </>
  );
}

function Description({ of }: { of: Described }) {
  return (
    <>
      {of.refusedReplacement && (
        <div className="banner bad" role="alert">
          <strong>The model that was to replace this one is refused.</strong> This one serves on. {of.refusedReplacement}
        </div>
      )}
      <div className="tiles">
        <Tile name="Version" value={of.version} text />
        <Tile name="Threshold" value={of.threshold === undefined ? "–" : percent(of.threshold)} unit="at or above it the label is fraud" />
        <Tile name="Trained" text value={of.trainedAt ? time(of.trainedAt) : "–"} unit={of.trainingRows > 0n ? `on ${count(of.trainingRows)} transactions` : undefined} />
        <Tile name="Outcomes since" value={count(of.live?.rows ?? 0n)} unit="of transactions that it assessed" />
      </div>
      <div className="plots">
        <Calibration training={of.calibration} live={of.live?.calibration ?? []} />
        <Figures metrics={of.metrics} live={of.live} />
        <section className="card">
          <h2>Facts that it reads</h2>
          <ul className="names">
            {of.facts.map((fact) => (
              <li key={fact}>
                <code>{fact}</code>
              </li>
            ))}
          </ul>
          <p className="hint">{of.explains ? "It tells its reasons." : "It has no reasons to tell."}</p>
        </section>
      </div>
    </>
  );
}

/** Figures that are counted in life too, by their names in training. */
const living: Record<string, (live: LiveFigures) => number | undefined> = {
  precision_at_threshold: (live) => live.precision,
  recall_at_threshold: (live) => live.recall,
  brier: (live) => live.brier,
  expected_calibration_error: (live) => live.expectedCalibrationError,
  fraud_rate: (live) => (live.rows > 0n ? Number(live.frauds) / Number(live.rows) : undefined),
  flagged_rate: (live) => (live.rows > 0n ? Number(live.flagged) / Number(live.rows) : undefined),
};

function Figures({ metrics, live }: { metrics: Described["metrics"]; live?: LiveFigures }) {
  const names = new Set([...Object.keys(metrics).filter((name) => !/\.(low|high)$/.test(name)), ...(live?.rows ? Object.keys(living) : [])]);
  return (
    <section className="card plot">
      <h2>Figures</h2>
      <p className="hint">
        From training, with 95 % intervals, beside those of the newest outcomes, which are seldom a fair sample.
      </p>
      <div className="scroll figures" tabIndex={0} role="region" aria-label="Figures">
        <table>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col" className="number">Training</th>
              <th scope="col" className="number">Live</th>
            </tr>
          </thead>
          <tbody>
            {[...names].sort().map((name) => (
              <tr key={name}>
                <th scope="row">{words(name)}</th>
                <td className="number">
                  {figure(metrics[name])}
                  {metrics[`${name}.low`] !== undefined && (
                    <span className="hint">
                      {" "}
                      {figure(metrics[`${name}.low`])} to {figure(metrics[`${name}.high`])}
                    </span>
                  )}
                </td>
                <td className="number">{live ? figure(living[name]?.(live)) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const figure = (n: number | undefined): string =>
  n === undefined ? "–" : Number.isInteger(n) ? count(n) : Math.abs(n) < 0.01 ? n.toPrecision(2) : n.toFixed(3);
