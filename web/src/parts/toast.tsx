import { OutcomeLabel } from "@grpcgoesbrrr/client";
import { useReports } from "../outcomes";
import { Problem } from "./problem";

/** Says what was reported last, and takes it back. */
export function Toast() {
  const { last, error, busy, undo, dismiss } = useReports();
  if (!last && error === undefined) return null;
  return (
    <div className="toast" role="status">
      {error !== undefined ? (
        <Problem error={error} />
      ) : (
        last && (
          <p>
            <strong className="id">{last.transactionId}</strong> is reported as{" "}
            {last.outcome === OutcomeLabel.FRAUD ? "fraud" : "legitimate"}.
          </p>
        )
      )}
      <div className="toast-buttons">
        {last && (
          <button type="button" disabled={busy !== ""} onClick={() => void undo()}>
            Undo <kbd aria-hidden="true">u</kbd>
          </button>
        )}
        <button type="button" className="quiet" onClick={dismiss} aria-label="Close this message">
          ✕
        </button>
      </div>
    </div>
  );
}
