import type { SummarizeFraudActivityResponse } from "@grpcgoesbrrr/client";
import { Bar, BarChart, Legend, Line, LineChart, ResponsiveContainer, Scatter, ScatterChart, Tooltip, usePlotArea, XAxis, YAxis } from "recharts";
import { briefly, count, dateOf, percent, share } from "../format";
import { look, Plot } from "./plot";

interface Props {
  of: SummarizeFraudActivityResponse;
}

interface Span {
  at: string;
  assessed: number;
  flagged: number;
  other: number;
  shareFlagged: number | null;
  fraud: number;
  legitimate: number;
}

const height = 220;

/** The spans of a summary, with names for their beginnings. */
function spansOf(of: SummarizeFraudActivityResponse): Span[] {
  const width = Number(of.bucketWidth?.seconds ?? 60n);
  const name = new Intl.DateTimeFormat("en-GB", width < 3600
    ? { hour: "2-digit", minute: "2-digit" }
    : width < 86400
      ? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
      : { day: "numeric", month: "short", year: "numeric" });
  return of.buckets.map((b) => {
    const [assessed, flagged] = [Number(b.assessed), Number(b.flagged)];
    return {
      at: b.start ? name.format(dateOf(b.start)) : "", assessed, flagged, other: assessed - flagged,
      shareFlagged: assessed > 0 ? (100 * flagged) / assessed : null,
      fraud: Number(b.outcomeFraud), legitimate: Number(b.outcomeLegitimate),
    };
  });
}

const time = <XAxis dataKey="at" {...look.axis} minTickGap={28} />;

interface Layer {
  of: "flagged" | "other" | "fraud" | "legitimate";
  name: string;
  fill: string;
}

interface StackedProps extends Props {
  title: string;
  hint: string;
  layers: Layer[];
}

/** Counts over time, one upon the other. */
function Stacked({ of, title, hint, layers }: StackedProps) {
  const spans = spansOf(of);
  return (
    <Plot
      title={title}
      hint={hint}
      table={{ head: ["From", ...layers.map((l) => l.name)], rows: spans.map((s) => [s.at, ...layers.map((l) => count(s[l.of]))]) }}
    >
      <ResponsiveContainer width="100%" height={height}>
        <BarChart {...look.chart} data={spans} margin={look.margin} barCategoryGap={1}>
          {time}
          <YAxis {...look.axis} axisLine={false} width={48} allowDecimals={false} tickFormatter={briefly} tickCount={4} />
          <Tooltip {...look.tooltip} cursor={{ fill: "var(--hover)" }} />
          <Legend iconType="square" />
          {layers.map((l) => (
            <Bar key={l.of} dataKey={l.of} name={l.name} stackId="a" fill={l.fill} isAnimationActive={false} />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </Plot>
  );
}

export const Volume = ({ of }: Props) => (
  <Stacked
    of={of}
    title="Volume"
    hint="Assessments made, by their label"
    layers={[
      { of: "flagged", name: "Flagged as fraud", fill: "var(--bad-fill)" },
      { of: "other", name: "Legitimate", fill: "var(--accent-fill)" },
    ]}
  />
);

export const OutcomesOverTime = ({ of }: Props) => (
  <Stacked
    of={of}
    title="Outcomes"
    hint="What the transactions turned out to be, by when they were assessed"
    layers={[
      { of: "fraud", name: "Fraud", fill: "var(--bad-fill)" },
      { of: "legitimate", name: "Legitimate", fill: "var(--good-fill)" },
    ]}
  />
);

export function ShareFlagged({ of }: Props) {
  const spans = spansOf(of);
  return (
    <Plot
      title="Share flagged"
      hint="Of the assessments of each span"
      table={{ head: ["From", "Flagged"], rows: spans.map((s) => [s.at, share(s.flagged, s.assessed)]) }}
    >
      <ResponsiveContainer width="100%" height={height}>
        <LineChart {...look.chart} data={spans} margin={look.margin}>
          {time}
          <YAxis {...look.axis} axisLine={false} width={60} tickFormatter={(n: number) => `${Number(n.toFixed(2))} %`} domain={[0, "auto"]} tickCount={4} />
          <Tooltip {...look.tooltip} formatter={(value) => percent(Number(value))} />
          <Line dataKey="shareFlagged" name="Flagged" stroke="var(--bad-fill)" strokeWidth={2} dot={{ r: 1.5 }} connectNulls={false} isAnimationActive={false} />
        </LineChart>
      </ResponsiveContainer>
    </Plot>
  );
}

interface Cell {
  x: number;
  y: number;
  n: number;
}

/** Scores over time: a column a span, a row five percent, the darker the more. */
export function ScoresOverTime({ of }: Props) {
  const spans = spansOf(of);
  const cells: Cell[] = of.buckets.flatMap((b, x) =>
    b.probabilityHistogram.map((n, bin) => ({ x, y: bin * 5 + 2.5, n: Number(n) })).filter((cell) => cell.n > 0),
  );
  const most = Math.max(1, ...cells.map((cell) => cell.n));
  return (
    <Plot
      title="Scores over time"
      hint="Assessments by probability, the darker the more (on a logarithmic scale)"
      table={{
        head: ["From", "Probability", "Assessments"],
        rows: cells.map((cell) => [spans[cell.x]?.at ?? "", `${cell.y - 2.5} to ${cell.y + 2.5} %`, count(cell.n)]),
      }}
    >
      <ResponsiveContainer width="100%" height={height}>
        <ScatterChart {...look.chart} margin={look.margin}>
          <XAxis type="number" dataKey="x" {...look.axis} domain={[-0.5, spans.length - 0.5]} allowDecimals={false} minTickGap={28}
            tickFormatter={(x: number) => spans[Math.round(x)]?.at ?? ""} />
          <YAxis type="number" dataKey="y" {...look.axis} axisLine={false} width={48} domain={[0, 100]} ticks={[0, 25, 50, 75, 100]}
            tickFormatter={(n: number) => `${n} %`} />
          <Tooltip {...look.tooltip} cursor={false} content={<CellTip spans={spans} />} />
          <Scatter data={cells} isAnimationActive={false} shape={<Square spans={spans.length} most={most} />} />
        </ScatterChart>
      </ResponsiveContainer>
    </Plot>
  );
}

interface SquareProps {
  cx?: number;
  cy?: number;
  payload?: Cell;
  spans: number;
  most: number;
}

function Square({ cx = 0, cy = 0, payload, spans, most }: SquareProps) {
  const area = usePlotArea();
  if (!area || !payload) return null;
  const [w, h] = [area.width / spans, area.height / 20];
  const dark = 0.15 + 0.85 * (Math.log1p(payload.n) / Math.log1p(most));
  return <rect x={cx - w / 2} y={cy - h / 2} width={Math.max(1, w - 0.5)} height={h - 0.5} fill="var(--accent-fill)" fillOpacity={dark} />;
}

interface TipProps {
  active?: boolean;
  payload?: readonly { payload?: Cell }[];
  spans: Span[];
}

function CellTip({ active, payload, spans }: TipProps) {
  const cell = payload?.[0]?.payload;
  if (!active || !cell) return null;
  return (
    <div className="tip">
      {spans[cell.x]?.at}: <strong>{count(cell.n)}</strong> at {cell.y - 2.5} to {cell.y + 2.5} %
    </div>
  );
}
