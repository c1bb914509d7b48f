import { OutcomeLabel, type Outcome } from "@grpcgoesbrrr/client";

/** What the model said. The sign tells it without the colour. */
export const Label = ({ flagged }: { flagged: boolean }) => (
  <span className={`chip ${flagged ? "bad" : "good"}`}>
    <span aria-hidden="true">{flagged ? "▲" : "●"}</span> {flagged ? "Fraud" : "Legitimate"}
  </span>
);

const outcomes: Record<OutcomeLabel, [word: string, tone: string, sign: string]> = {
  [OutcomeLabel.UNSPECIFIED]: ["none", "none", "–"],
  [OutcomeLabel.FRAUD]: ["Fraud", "bad outlined", "▲"],
  [OutcomeLabel.LEGITIMATE]: ["Legitimate", "good outlined", "●"],
  [OutcomeLabel.WITHDRAWN]: ["none", "none", "–"],
};

/** What it turned out to be. */
export function Turned({ outcome }: { outcome?: Outcome }) {
  const [word, tone, sign] = outcomes[outcome?.outcome ?? OutcomeLabel.UNSPECIFIED];
  if (tone === "none") return <span className="faint">none yet</span>;
  return (
    <span className={`chip ${tone}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  );
}
