import type { Facts } from "@grpcgoesbrrr/client";
import { Link } from "wouter";
import { count, money, span, time, utc } from "../format";

/** What the model was told, in human units. */
export function FactList({ facts, linkAccount }: { facts: Facts; linkAccount: boolean }) {
  const sum = (amount: number) => money(amount, facts.currency);
  const rows: [string, React.ReactNode][] = [
    [
      "Account",
      linkAccount ? <Link href={`/activity?account=${encodeURIComponent(facts.accountId)}`}>{facts.accountId}</Link> : facts.accountId,
    ],
    ["Amount", <strong key="amount">{sum(facts.amount)}</strong>],
    ["Happened", <time key="time" dateTime={utc(facts.time)} title={`${utc(facts.time)} (UTC)`}>{time(facts.time)}</time>],
    ["Age of the account", span(facts.ageOfAccount)],
    ["The account’s transactions", `this is number ${count(facts.numberOfTransactions)}`],
    ["Since the one before", facts.numberOfTransactions > 1 ? span(facts.secondsSincePrevious) : "it is the first"],
    ["Spent in the last hour", sum(facts.amountLastHour)],
    ["Spent in the last day", sum(facts.amountLastDay)],
    ["Spent in the last week", `${sum(facts.amountLastWeek)} in ${count(facts.transactionsLastWeek)}`],
  ];
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
