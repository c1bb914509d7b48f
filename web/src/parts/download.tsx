import { create } from "@bufbuild/protobuf";
import { ListFraudActivityRequestSchema, type Filter, type FraudClient, type Order } from "@grpcgoesbrrr/client";
import { useRef, useState } from "react";
import { csvHead, csvRows } from "../csv";
import { count } from "../format";
import { useSession } from "../session";
import { Problem } from "./problem";

/** As many rows as a spreadsheet still opens with ease. */
const most = 100_000;

interface What {
  filter?: Filter;
  order: Order;
}

/** Saves the whole list, all pages of it, as CSV. */
export function Download({ request, disabled }: { request: What; disabled: boolean }) {
  const { client } = useSession();
  const [rows, setRows] = useState<number>();
  const [error, setError] = useState<unknown>();
  const [note, setNote] = useState("");
  const stop = useRef<AbortController>(undefined);
  const start = async () => {
    stop.current = new AbortController();
    setError(undefined);
    setNote("");
    setRows(0);
    try {
      const { parts, cut } = await collect(client, request, stop.current.signal, setRows);
      save(parts);
      if (cut) setNote(`The file has the first ${count(most)} rows.`);
    } catch (failure) {
      if (!stop.current.signal.aborted) setError(failure);
    } finally {
      setRows(undefined);
    }
  };
  return (
    <div className="download">
      {rows === undefined ? (
        <button type="button" disabled={disabled} onClick={() => void start()}>
          Download CSV
        </button>
      ) : (
        <button type="button" onClick={() => stop.current?.abort()}>
          Cancel: {count(rows)} rows so far
        </button>
      )}
      <span role="status" className="hint">{note}</span>
      {error !== undefined && <Problem error={error} />}
    </div>
  );
}

async function collect(client: FraudClient, what: What, signal: AbortSignal, tell: (rows: number) => void) {
  const parts = [csvHead];
  const request = create(ListFraudActivityRequestSchema, { ...what, pageSize: 1000 });
  for (let rows = 0; ; ) {
    const page = await client.listFraudActivity(request, { signal });
    parts.push(csvRows(page.fraudActivities));
    rows += page.fraudActivities.length;
    tell(rows);
    request.pageToken = page.nextPageToken;
    if (!request.pageToken || rows >= most) return { parts, cut: request.pageToken !== "" };
  }
}

function save(parts: string[]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  link.download = `fraud-activity-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
