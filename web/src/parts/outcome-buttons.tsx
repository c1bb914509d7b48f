import { OutcomeLabel, type Outcome } from "@grpcgoesbrrr/client";
import { useId, useState } from "react";
import { useReports } from "../outcomes";
import { Turned } from "./label";

interface Props {
  transactionId: string;
  /** The outcome that stands. */
  outcome?: Outcome;
  /** Whether the page has the keys for it, so that the buttons may tell them. */
  keys?: boolean;
}

/** What it turned out to be, and the two buttons to say so. */
export function OutcomeButtons({ transactionId, outcome, keys = false }: Props) {
  const { report, busy } = useReports();
  const [note, setNote] = useState("");
  const id = useId();
  const say = async (label: OutcomeLabel) => {
    await report({ transactionId, outcome: label, before: outcome }, note.trim());
    setNote("");
  };
  return (
    <div className="outcome">
      <p>
        It turned out to be: <Turned outcome={outcome} />
      </p>
      <div className="outcome-buttons">
        <span className="hint">Mark as</span>
        <button type="button" className="bad" disabled={busy !== ""} onClick={() => void say(OutcomeLabel.FRAUD)}>
          <span aria-hidden="true">▲</span> <span className="sr">Mark as </span>fraud {keys && <kbd aria-hidden="true">f</kbd>}
        </button>
        <button type="button" className="good" disabled={busy !== ""} onClick={() => void say(OutcomeLabel.LEGITIMATE)}>
          <span aria-hidden="true">●</span> <span className="sr">Mark as </span>legitimate {keys && <kbd aria-hidden="true">l</kbd>}
        </button>
      </div>
      <label className="sr" htmlFor={id}>
        Note to the outcome
      </label>
      <input id={id} maxLength={1000} placeholder="Note (optional)" value={note} onChange={(event) => setNote(event.target.value)} />
    </div>
  );
}
