import { percent } from "../format";

// A half circle of radius 80 around (100, 100).
const radius = 80;
const length = Math.PI * radius;

const at = (value: number, r: number): [number, number] => {
  const angle = Math.PI * (1 - value / 100);
  return [100 + r * Math.cos(angle), 100 - r * Math.sin(angle)];
};

interface Props {
  /** Percentage, 0 to 100. */
  value: number;
  /** Percentage, 0 to 100; absent if the model does not publish it. */
  threshold?: number;
  flagged: boolean;
}

/** A probability on its scale, and where the label turns. */
export function Gauge({ value, threshold, flagged }: Props) {
  const arc = `M ${100 - radius} 100 A ${radius} ${radius} 0 0 1 ${100 + radius} 100`;
  const [x1, y1] = at(threshold ?? 0, radius - 13);
  const [x2, y2] = at(threshold ?? 0, radius + 13);
  return (
    <figure className="gauge">
      <svg
        viewBox="0 0 200 118"
        role="meter"
        aria-label="Fraud probability"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Number(value.toFixed(2))}
        aria-valuetext={percent(value)}
      >
        <path d={arc} className="track" />
        <path d={arc} className={flagged ? "value bad" : "value good"} strokeDasharray={`${(length * value) / 100} ${length + 20}`} />
        {threshold !== undefined && <line x1={x1} y1={y1} x2={x2} y2={y2} className="threshold" />}
        <text x="100" y="92" className="number">
          {percent(value)}
        </text>
        <text x="20" y="116" className="end">
          0
        </text>
        <text x="180" y="116" className="end">
          100 %
        </text>
      </svg>
      <figcaption>
        {threshold === undefined ? (
          "The model does not publish its threshold."
        ) : (
          <>
            {value >= threshold ? "At or above" : "Below"} the threshold of <strong>{percent(threshold)}</strong>
          </>
        )}
      </figcaption>
    </figure>
  );
}
