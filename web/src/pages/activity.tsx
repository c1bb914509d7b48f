import { useQuery } from "@connectrpc/connect-query";
import { FraudActivityService, OutcomeLabel, Permission, type FraudActivity } from "@grpcgoesbrrr/client";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import { useFeedSource } from "../feed-provider";
import { fieldsOf, filterOf, mistakes, orderOf, searchOf, type Fields } from "../filters";
import { count } from "../format";
import { useReports } from "../outcomes";
import { ActivityTable } from "../parts/activity-table";
import { Download } from "../parts/download";
import { Filters } from "../parts/filters";
import { Problem } from "../parts/problem";
import { Transaction } from "../parts/transaction";
import { useKeys } from "../keys";
import { useSession } from "../session";

const { listFraudActivity } = FraudActivityService.method;
const pageSize = 25;

/** Recorded assessments: found, paged through, reviewed. */
export default function Activity() {
  const [search, setSearch] = useSearchParams();
  const fields = fieldsOf(search);
  const page = search.get("page") ?? "";
  const open = search.get("open") ?? "";
  const wrong = mistakes(fields);
  const valid = Object.keys(wrong).length === 0;
  const request = { filter: valid ? filterOf(fields) : undefined, order: orderOf(fields), pageSize, pageToken: page };
  const list = useQuery(listFraudActivity, request, { enabled: valid, placeholderData: keepPreviousData });
  const rows = list.data?.fraudActivities ?? [];
  const earlier = usePages(page);

  const change = (edit: (search: URLSearchParams) => void, replace = false) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      edit(next);
      return next;
    }, { replace });
  const show = (id: string) => change((s) => (id ? s.set("open", id) : s.delete("open")), open !== "");
  const narrow = (next: Fields) => setSearch(searchOf(next));
  const turn = (token: string) => change((s) => {
    s.delete("open");
    if (token) s.set("page", token);
    else s.delete("page");
  });
  useReview(rows, open, show);

  return (
    <>
      <div className="head">
        <h1>Activity</h1>
        <Newer show={page === "" && fields.order === "" && valid} onRefresh={() => void list.refetch()} />
        <Download request={request} disabled={!valid} />
      </div>
      <Filters fields={fields} onChange={narrow} />
      {list.error && <Problem error={list.error} retry={() => void list.refetch()} />}
      <div className={open ? "split" : ""}>
        <div className="list" aria-busy={list.isFetching}>
          {list.isPending && valid && !list.error && <p role="status" className="wait">Loading …</p>}
          {list.data && rows.length === 0 && <p className="empty">Nothing recorded meets this. Take a condition away.</p>}
          {rows.length > 0 && <ActivityTable rows={rows} open={open} brief={open !== ""} onOpen={show} />}
          {list.data && (
            <div className="pages">
              <button type="button" disabled={page === ""} onClick={() => turn(earlier.back())}>
                ← Before
              </button>
              <button type="button" disabled={!list.data.nextPageToken} onClick={() => turn(earlier.forward(list.data.nextPageToken))}>
                Next →
              </button>
              <span className="hint keys-hint">
                <kbd>j</kbd> <kbd>k</kbd> next, previous · <kbd>f</kbd> fraud · <kbd>l</kbd> legitimate · <kbd>u</kbd> undo ·{" "}
                <kbd>Esc</kbd> close
              </span>
            </div>
          )}
        </div>
        {open && (
          <aside className="beside" aria-label="The transaction">
            <button type="button" className="quiet close" onClick={() => show("")}>
              ✕ Close
            </button>
            <Transaction key={open} transactionId={open} keys />
          </aside>
        )}
      </div>
    </>
  );
}

/** Says how many assessments have been made since the list was fetched. */
function Newer({ show, onRefresh }: { show: boolean; onRefresh(): void }) {
  const feed = useFeedSource();
  const [from, setFrom] = useState(feed.now().total);
  const [total, setTotal] = useState(from);
  useEffect(() => feed.subscribe(() => setTotal(feed.now().total)), [feed]);
  const more = total - from;
  if (!show || more <= 0) return null;
  const refresh = () => {
    setFrom(total);
    onRefresh();
  };
  return (
    <button type="button" className="newer" onClick={refresh}>
      {count(more)} new since: show
    </button>
  );
}

/** The pages before this one. After a reload nothing is known of them, and back is the first. */
function usePages(page: string): { back(): string; forward(next: string): string } {
  const [tokens, setTokens] = useState<string[]>([]);
  return {
    back: () => {
      setTokens(tokens.slice(0, -1));
      return tokens.at(-1) ?? "";
    },
    forward: (next) => {
      setTokens([...tokens, page]);
      return next;
    },
  };
}

/** Reviewing by keyboard: from one transaction to the next, with a word on each. */
function useReview(rows: FraudActivity[], open: string, show: (id: string) => void): void {
  const { may } = useSession();
  const { report, undo } = useReports();
  const at = rows.findIndex((row) => row.transactionId === open);
  const go = (step: number) => {
    const next = rows[at < 0 ? 0 : at + step];
    if (next) show(next.transactionId);
  };
  const say = (outcome: OutcomeLabel) => {
    const row = rows[at];
    if (!row || !may(Permission.LABEL)) return;
    void report({ transactionId: row.transactionId, outcome, before: row.assessment?.outcome });
    go(1);
  };
  useKeys({
    j: () => go(1), ArrowDown: () => go(1), k: () => go(-1), ArrowUp: () => go(-1),
    f: () => say(OutcomeLabel.FRAUD), l: () => say(OutcomeLabel.LEGITIMATE),
    u: () => may(Permission.LABEL) && void undo(), Escape: () => open && show(""),
  });
}
