import type { Reason } from "@grpcgoesbrrr/client";
import { Bar, BarChart, Cell, LabelList, ReferenceLine, ResponsiveContainer, XAxis, YAxis } from "recharts";
import { steps } from "./steps";
import { look, Plot } from "./plot";

const rowHeight = 40;

/** The reasons one after the other: from an average payment to this one's score. */
export default function Waterfall({ reasons }: { reasons: Reason[] }) {
  const rows = steps(reasons);
  return (
    <div className="waterfall">
      <Plot
        title="From an average payment to this one"
        hint="In log-odds of the score before calibration: what reaches to the right speaks for fraud, to the left against."
        table={{ head: ["Reason", "Value", "Log-odds"], rows: rows.map((r) => [r.name, r.value, r.shown]) }}
      >
        <ResponsiveContainer width="100%" height={rows.length * rowHeight + 30}>
          <BarChart {...look.chart} layout="vertical" data={rows} margin={{ top: 0, right: 56, bottom: 0, left: 0 }} barCategoryGap={5}>
            <XAxis type="number" {...look.axis} domain={["dataMin", "dataMax"]} hide />
            <YAxis type="category" dataKey="name" width={186} {...look.axis} axisLine={false} interval={0} tick={<RowName rows={rows} />} />
            <ReferenceLine x={0} stroke="var(--line-strong)" />
            <Bar dataKey="range" isAnimationActive={false} radius={3}>
              {rows.map((row) => (
                <Cell key={row.name} fill={row.sum ? "var(--faint)" : row.amount >= 0 ? "var(--bad-fill)" : "var(--good-fill)"} />
              ))}
              <LabelList dataKey="shown" position="right" fill="var(--text)" fontSize={12} />
            </Bar>
          </BarChart>
        </ResponsiveContainer>
      </Plot>
    </div>
  );
}

interface TickProps {
  x?: number;
  y?: number;
  index?: number;
  rows: ReturnType<typeof steps>;
}

/** A reason's name over its value. */
function RowName({ x = 0, y = 0, index = 0, rows }: TickProps) {
  const row = rows[index];
  return (
    <text x={x} y={y} textAnchor="end" className="row-name">
      <tspan x={x} dy={row?.value ? "-0.2em" : "0.35em"} fill="var(--text)">
        {row?.name}
      </tspan>
      <tspan x={x} dy="1.25em" fill="var(--faint)" fontSize={11}>
        {row?.value}
      </tspan>
    </text>
  );
}
