interface Props {
  name: string;
  value: string;
  unit?: string;
  /** A name or a date rather than a number. */
  text?: boolean;
}

/** One figure. */
export const Tile = ({ name, value, unit, text }: Props) => (
  <div className="tile">
    <div className="tile-name">{name}</div>
    <div className={text ? "tile-value text" : "tile-value"}>{value}</div>
    {unit && <div className="hint">{unit}</div>}
  </div>
);
