import { count, share } from "../format";
import type { Sums } from "../sums";

/** What the model said beside what came true, of the transactions that have an outcome. */
export function Agreement({ of }: { of: Sums }) {
  const labelled = of.fraud + of.legitimate;
  const right = of.flaggedFraud + of.legitimate - of.flaggedLegitimate;
  const cell = (n: number, good: boolean) => (
    <td className={`number agreement-${good ? "good" : "bad"}`}>
      <strong>{count(n)}</strong> <span className="hint">{share(n, labelled)}</span>
    </td>
  );
  return (
    <section className="card plot">
      <h2>Label and outcome</h2>
      <p className="hint">
        {labelled === 0
          ? "No outcome was reported of what was assessed in this time."
          : `They agree on ${share(right, labelled)} of ${count(labelled)}. What is labelled is seldom a fair sample.`}
      </p>
      <table className="agreement">
        <thead>
          <tr>
            <td />
            <th scope="col">It was fraud</th>
            <th scope="col">It was legitimate</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Flagged</th>
            {cell(of.flaggedFraud, true)}
            {cell(of.flaggedLegitimate, false)}
          </tr>
          <tr>
            <th scope="row">Not flagged</th>
            {cell(of.fraud - of.flaggedFraud, false)}
            {cell(of.legitimate - of.flaggedLegitimate, true)}
          </tr>
        </tbody>
      </table>
    </section>
  );
}
