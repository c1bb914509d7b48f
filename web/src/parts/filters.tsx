import { useEffect, useState } from "react";
import { fieldsOf, mistakes, noFields, searchOf, type Fields } from "../filters";

interface Props {
  fields: Fields;
  onChange(fields: Fields): void;
}

type Name = keyof Fields;

const texts: [name: Name, label: string, type: string][] = [
  ["transaction", "Transaction", "text"],
  ["account", "Account", "text"],
  ["min", "Probability from, %", "number"],
  ["max", "to, %", "number"],
  ["from", "Assessed from", "datetime-local"],
  ["to", "before", "datetime-local"],
];

const choices: [name: Name, label: string, options: [value: string, shown: string][]][] = [
  ["label", "Label", [["", "any"], ["fraud", "fraud"], ["legitimate", "legitimate"]]],
  ["outcome", "Outcome", [["", "any"], ["none", "none yet"], ["some", "some"], ["fraud", "fraud"], ["legitimate", "legitimate"]]],
  ["order", "Order", [["", "newest first"], ["probability", "most probable first"]]],
];

/** The conditions of a list. Choices take effect at once, what is typed with Enter or the button. */
export function Filters({ fields, onChange }: Props) {
  const [draft, setDraft] = useState(fields);
  const address = searchOf(fields).toString();
  useEffect(() => setDraft(fieldsOf(new URLSearchParams(address))), [address]);
  const wrong = mistakes(draft);
  const apply = (next: Fields) => {
    if (Object.keys(mistakes(next)).length === 0) onChange(next);
  };
  const set = searchOf(draft).size;
  const [open] = useState(() => set > 0 || window.matchMedia("(min-width: 620px)").matches);
  return (
    <details className="conditions" open={open}>
      <summary>Conditions{set > 0 && ` (${set})`}</summary>
      <form
        className="filters"
        aria-label="Conditions"
        onSubmit={(event) => {
          event.preventDefault();
          apply(draft);
        }}
      >
        {choices.map(([name, label, options]) => (
          <div key={name} className={`field field-${name}`}>
            <label htmlFor={name}>{label}</label>
            <select
              id={name}
              value={draft[name]}
              onChange={(event) => {
                const next = { ...draft, [name]: event.target.value } as Fields;
                setDraft(next);
                apply(next);
              }}
            >
              {options.map(([value, shown]) => (
                <option key={value} value={value}>
                  {shown}
                </option>
              ))}
            </select>
          </div>
        ))}
        {texts.map(([name, label, type]) => (
          <div key={name} className={`field ${type}`}>
            <label htmlFor={name}>{label}</label>
            <input
              id={name}
              type={type}
              step={type === "number" ? "any" : undefined}
              value={draft[name]}
              autoComplete="off"
              spellCheck={false}
              aria-invalid={wrong[name] !== undefined}
              aria-describedby={wrong[name] ? `${name}-mistake` : undefined}
              onChange={(event) => setDraft({ ...draft, [name]: event.target.value.trim() })}
            />
            {wrong[name] && (
              <span id={`${name}-mistake`} className="mistake" role="alert">
                {wrong[name]}
              </span>
            )}
          </div>
        ))}
        <div className="field buttons">
          <button type="submit" className="primary">
            Apply
          </button>
          <button type="button" disabled={set === 0} onClick={() => onChange(noFields)}>
            Clear
          </button>
        </div>
      </form>
    </details>
  );
}
