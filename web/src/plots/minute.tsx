import { Bar, BarChart, ResponsiveContainer, XAxis, YAxis } from "recharts";
import type { Second } from "../feed";
import { briefly } from "../format";
import { look } from "./plot";

interface Props {
  seconds: Second[];
  /** Seconds since 1970. */
  now: number;
}

/** The last minute, second by second. The figures beside it tell the same. */
export function Minute({ seconds, now }: Props) {
  const by = new Map(seconds.map((s) => [s.at, s]));
  const data = Array.from({ length: 60 }, (_, i) => {
    const s = by.get(now - 60 + i);
    return { ago: 60 - i, flagged: s?.flagged ?? 0, other: (s?.assessed ?? 0) - (s?.flagged ?? 0) };
  });
  return (
    <figure className="card minute">
      <figcaption className="hint">Assessments a second, over the last minute; flagged ones in red at the foot</figcaption>
      <div className="drawing" aria-hidden="true">
        <ResponsiveContainer width="100%" height={110}>
          <BarChart {...look.chart} data={data} margin={look.margin} barCategoryGap={1}>
            <XAxis dataKey="ago" {...look.axis} interval={9} tickFormatter={(n: number) => `${n} s`} />
            <YAxis {...look.axis} axisLine={false} width={44} allowDecimals={false} tickFormatter={briefly} tickCount={3} />
            <Bar dataKey="flagged" stackId="a" fill="var(--bad-fill)" isAnimationActive={false} />
            <Bar dataKey="other" stackId="a" fill="var(--accent-fill)" isAnimationActive={false} />
          </BarChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
