// Labelling: what an analyst says of a transaction, and how to take it back.
import { createConnectQueryKey } from "@connectrpc/connect-query";
import { create } from "@bufbuild/protobuf";
import {
  FraudActivityService,
  OutcomeLabel,
  OutcomeSource,
  ReportOutcomeRequestSchema,
  type Outcome,
} from "@grpcgoesbrrr/client";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";
import { useSession } from "./session";

/** One report of this tab. */
interface Report {
  transactionId: string;
  outcome: OutcomeLabel;
  /** What stood before it. */
  before?: Outcome;
}

interface Reports {
  /** The last one that is not taken back. */
  last?: Report;
  /** The transaction that is being reported on. */
  busy: string;
  error?: unknown;
  report(report: Report, note?: string): Promise<void>;
  /** Takes the last one back: what stood before stands again. */
  undo(): Promise<void>;
  dismiss(): void;
}

const Context = createContext<Reports | undefined>(undefined);

export function useReports(): Reports {
  const reports = useContext(Context);
  if (!reports) throw new Error("there are no reports");
  return reports;
}

export function ReportsProvider({ children }: { children: ReactNode }) {
  const { client } = useSession();
  const queries = useQueryClient();
  const [done, setDone] = useState<Report[]>([]);
  const [busy, setBusy] = useState("");
  const [error, setError] = useState<unknown>();

  const send = useCallback(
    async (transactionId: string, outcome: OutcomeLabel, note: string): Promise<boolean> => {
      setBusy(transactionId);
      setError(undefined);
      try {
        await client.reportOutcome(
          create(ReportOutcomeRequestSchema, { transactionId, outcome, source: OutcomeSource.ANALYST, note }),
        );
        await queries.invalidateQueries({
          queryKey: createConnectQueryKey({ schema: FraudActivityService, cardinality: undefined }),
        });
        return true;
      } catch (failure) {
        setError(failure);
        return false;
      } finally {
        setBusy("");
      }
    },
    [client, queries],
  );

  const reports = useMemo<Reports>(
    () => ({
      last: done.at(-1),
      busy,
      error,
      report: async (report, note = "") => {
        if (await send(report.transactionId, report.outcome, note)) setDone((before) => [...before, report]);
      },
      undo: async () => {
        const last = done.at(-1);
        if (!last) return;
        const back = last.before?.outcome ?? OutcomeLabel.WITHDRAWN;
        if (await send(last.transactionId, back, "taken back")) setDone((before) => before.slice(0, -1));
      },
      dismiss: () => {
        setDone([]);
        setError(undefined);
      },
    }),
    [done, busy, error, send],
  );
  return <Context value={reports}>{children}</Context>;
}
