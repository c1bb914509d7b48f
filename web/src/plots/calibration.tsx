import type { CalibrationBin } from "@grpcgoesbrrr/client";
import { CartesianGrid, Legend, ReferenceLine, ResponsiveContainer, Scatter, ScatterChart, Tooltip, XAxis, YAxis, ZAxis } from "recharts";
import { count, percent } from "../format";
import { look, Plot } from "./plot";

interface Props {
  training: CalibrationBin[];
  live: CalibrationBin[];
}

interface Point {
  promised: number;
  true: number;
  rows: number;
}

const filled = (bins: CalibrationBin[]): Point[] =>
  bins.filter((b) => b.rows > 0n).map((b) => ({ promised: b.meanFraudProbability, true: b.fraudRate, rows: Number(b.rows) }));

const percents = { type: "number" as const, domain: [0, 100] as [number, number], ticks: [0, 25, 50, 75, 100], tickFormatter: (n: number) => `${n} %` };

/** What was promised beside what came true, bin by bin of the score. */
export function Calibration({ training, live }: Props) {
  const sets = [
    { name: "Training", points: filled(training), fill: "var(--accent-fill)", shape: "circle" as const },
    { name: "Live", points: filled(live), fill: "var(--warm-fill)", shape: "diamond" as const },
  ].filter((set) => set.points.length > 0);
  const rows = sets.flatMap(({ name, points }) => points.map((p) => [name, percent(p.promised), percent(p.true), count(p.rows)]));
  return (
    <Plot
      title="Calibration"
      hint="On the diagonal, of the payments scored 30 % thirty in a hundred are fraud. The larger, the more payments (on a logarithmic scale)."
      table={{ head: ["Figures of", "Mean probability", "Were fraud", "Payments"], rows }}
    >
      {sets.length === 0 ? (
        <p className="empty">The model publishes no calibration, and no outcome has come yet.</p>
      ) : (
        <ResponsiveContainer width="100%" height={340}>
          <ScatterChart {...look.chart} margin={{ top: 8, right: 16, bottom: 20, left: 0 }}>
            <CartesianGrid stroke="var(--line)" />
            <XAxis dataKey="promised" {...look.axis} {...percents} padding={{ left: 12, right: 12 }} label={{ value: "promised", position: "insideBottom", offset: -12, fill: "var(--faint)" }} />
            <YAxis dataKey="true" {...look.axis} {...percents} padding={{ bottom: 12, top: 12 }} width={52} label={{ value: "came true", angle: -90, position: "insideLeft", fill: "var(--faint)" }} />
            <ZAxis dataKey="rows" scale="log" range={[40, 360]} domain={["dataMin", "dataMax"]} name="payments" />
            <ReferenceLine segment={[{ x: 0, y: 0 }, { x: 100, y: 100 }]} stroke="var(--line-strong)" strokeDasharray="4 4" />
            <Tooltip {...look.tooltip} content={<PointTip />} />
            <Legend verticalAlign="top" height={28} />
            {sets.map(({ name, points, fill, shape }) => (
              <Scatter key={name} name={name} data={points} fill={fill} fillOpacity={0.75} shape={shape} legendType={shape} isAnimationActive={false} />
            ))}
          </ScatterChart>
        </ResponsiveContainer>
      )}
    </Plot>
  );
}

interface TipProps {
  active?: boolean;
  payload?: readonly { payload?: Point }[];
}

function PointTip({ active, payload }: TipProps) {
  const point = payload?.[0]?.payload;
  if (!active || !point) return null;
  return (
    <div className="tip">
      {count(point.rows)} payments: promised <strong>{percent(point.promised)}</strong>, came true <strong>{percent(point.true)}</strong>
    </div>
  );
}
