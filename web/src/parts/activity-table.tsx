import type { FraudActivity } from "@grpcgoesbrrr/client";
import { useEffect, useRef } from "react";
import { money, percent, time, utc } from "../format";
import { Label, Turned } from "./label";

interface Props {
  rows: FraudActivity[];
  /** The transaction that is open beside the list. */
  open: string;
  /** Leaves out what is shown beside. */
  brief: boolean;
  onOpen(transactionId: string): void;
}

/** Assessments, one a row. */
export function ActivityTable({ rows, open, brief, onOpen }: Props) {
  const opened = useRef<HTMLTableRowElement>(null);
  useEffect(() => void opened.current?.scrollIntoView({ block: "nearest" }), [open]);
  const more = brief ? "hidden" : "wide";
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Assessments">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col" className="middling">Assessed</th>
            <th scope="col">Transaction</th>
            <th scope="col" className={more}>Account</th>
            <th scope="col" className="number middling">Amount</th>
            <th scope="col" className="number">Probability</th>
            <th scope="col">Label</th>
            <th scope="col">Outcome</th>
            <th scope="col" className={more}>Model</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const isOpen = row.transactionId === open;
            return (
              <tr
                key={row.transactionId + row.assessment?.modelVersion}
                ref={isOpen ? opened : undefined}
                className={`${isOpen ? "open " : ""}${row.predictedLabel ? "flagged" : ""}`}
                onClick={() => onOpen(row.transactionId)}
              >
                <td className="middling" title={`${utc(row.assessment?.assessedAt)} (UTC)`}>{time(row.assessment?.assessedAt)}</td>
                <td className="id">
                  <button
                    type="button"
                    className="link"
                    aria-expanded={isOpen}
                    onClick={(event) => {
                      event.stopPropagation();
                      onOpen(row.transactionId);
                    }}
                  >
                    {row.transactionId}
                  </button>
                </td>
                <td className={`${more} id`}>{row.assessment?.facts?.accountId}</td>
                <td className="number middling">{row.assessment?.facts && money(row.assessment.facts.amount, row.assessment.facts.currency)}</td>
                <td className="number">
                  <span className="meter" aria-hidden="true">
                    <svg viewBox="0 0 100 4" preserveAspectRatio="none">
                      <rect width={row.fraudProbability} height="4" />
                    </svg>
                  </span>
                  <span className="percent">{percent(row.fraudProbability)}</span>
                </td>
                <td>
                  <Label flagged={row.predictedLabel} />
                </td>
                <td>
                  <Turned outcome={row.assessment?.outcome} />
                </td>
                <td className={`${more} id`}>{row.assessment?.modelVersion}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
