import { useState } from "react";
import { Problem } from "../parts/problem";
import { Mark } from "../parts/mark";

interface Props {
  opening: boolean;
  problem: unknown;
  notice: string;
  onSignIn(key: string): Promise<void>;
}

/** The door. */
export function SignIn({ opening, problem, notice, onSignIn }: Props) {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    await onSignIn(key.trim());
    setBusy(false);
  };
  return (
    <main className="door">
      <div className="door-card">
        <Mark />
        <h1>Fraud activity</h1>
        {opening ? (
          <p role="status">Signing in …</p>
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (key.trim()) void submit();
            }}
          >
            {notice && <p className="note" role="status">{notice}</p>}
            <label htmlFor="key">Key</label>
            <input
              id="key"
              type="password"
              autoComplete="off"
              spellCheck={false}
              autoFocus
              placeholder="brrr_…"
              value={key}
              onChange={(event) => setKey(event.target.value)}
              aria-describedby="key-help"
            />
            <p id="key-help" className="hint">
              An administrator makes one: <code>brrr keys create --name you --role analyst</code>. It is kept for
              this tab only.
            </p>
            <button className="primary" type="submit" disabled={busy || !key.trim()}>
              {busy ? "Signing in …" : "Sign in"}
            </button>
            {problem !== undefined && !busy && <Problem error={problem} />}
          </form>
        )}
      </div>
    </main>
  );
}
