import { useState, type ReactNode } from "react";

interface Props {
  title: string;
  /** What it shows, in a line. */
  hint?: ReactNode;
  /** The same as numbers, for who cannot see the plot or wants to copy them. */
  table: { head: string[]; rows: (string | number)[][] };
  children: ReactNode;
}

/** A plot with its title, and its numbers behind a click. */
export function Plot({ title, hint, table, children }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <figure className="card plot">
      <figcaption>
        <h2>{title}</h2>
        {hint && <p className="hint">{hint}</p>}
      </figcaption>
      <div className="drawing" aria-hidden="true">
        {children}
      </div>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span className="sr">{title}: </span>as a table
        </summary>
        {open && <Table title={title} {...table} />}
      </details>
    </figure>
  );
}

const Table = ({ title, head, rows }: { title: string } & Props["table"]) => (
  <div className="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
    <table>
      <thead>
        <tr>
          {head.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, i) => (
          <tr key={i}>
            {row.map((value, j) => (
              <td key={j}>{value}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

/** How all plots look, in the colours of the theme. */
export const look = {
  // The table says it all to who cannot see: a focus on the drawing would lead nowhere.
  chart: { accessibilityLayer: false },
  grid: { stroke: "var(--line)", vertical: false },
  axis: { stroke: "var(--line-strong)", tick: { fill: "var(--faint)", fontSize: 12 }, tickLine: false },
  tooltip: {
    contentStyle: { background: "var(--raised)", border: "1px solid var(--line-strong)", borderRadius: 8, color: "var(--text)" },
    labelStyle: { color: "var(--faint)" },
    itemStyle: { color: "var(--text)" },
    isAnimationActive: false,
  },
  margin: { top: 8, right: 12, bottom: 0, left: 0 },
} as const;
