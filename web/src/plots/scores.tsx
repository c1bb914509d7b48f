import type { SummarizeFraudActivityResponse } from "@grpcgoesbrrr/client";
import { Bar, BarChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { briefly, count } from "../format";
import { look, Plot } from "./plot";

/** All scores of a summary, by probability. */
export function ScoreHistogram({ of }: { of: SummarizeFraudActivityResponse }) {
  const bins = of.probabilityHistogram.map((n, i) => ({ from: i * 5, name: `${i * 5} to ${i * 5 + 5} %`, n: Number(n) }));
  return (
    <Plot
      title="Scores"
      hint="Assessments by probability, on a logarithmic scale"
      table={{ head: ["Probability", "Assessments"], rows: bins.map((bin) => [bin.name, count(bin.n)]) }}
    >
      <ResponsiveContainer width="100%" height={220}>
        <BarChart {...look.chart} data={bins.map((bin) => ({ ...bin, n: bin.n > 0 ? bin.n : null }))} margin={look.margin} barCategoryGap={2}>
          <XAxis dataKey="from" {...look.axis} interval={3} tickFormatter={(n: number) => `${n} %`} />
          <YAxis {...look.axis} axisLine={false} width={48} scale="log" domain={[0.5, "dataMax"]} allowDataOverflow tickFormatter={(n: number) => (n < 1 ? "" : briefly(n))} />
          <Tooltip {...look.tooltip} cursor={{ fill: "var(--hover)" }} labelFormatter={(from) => `${from} to ${Number(from) + 5} %`} />
          <Bar dataKey="n" name="Assessments" fill="var(--accent-fill)" isAnimationActive={false} />
        </BarChart>
      </ResponsiveContainer>
    </Plot>
  );
}
