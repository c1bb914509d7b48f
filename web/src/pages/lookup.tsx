import { useEffect, useRef, useState } from "react";
import { useLocation, useParams } from "wouter";
import { idMistake } from "../filters";
import { Transaction } from "../parts/transaction";

/** One transaction, by its id. */
export function Lookup() {
  const id = useParams<{ id?: string }>().id ?? "";
  const [, go] = useLocation();
  const [text, setText] = useState(id);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    setText(id);
    if (!id) input.current?.focus();
  }, [id]);
  const mistake = text === "" ? "" : idMistake(text);
  return (
    <>
      <form
        className="lookup"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          if (text && !mistake) go(`/transactions/${encodeURIComponent(text)}`);
        }}
      >
        <h1>
          <label htmlFor="transaction">Look up a transaction</label>
        </h1>
        <div className="lookup-line">
          <input
            id="transaction"
            ref={input}
            type="search"
            value={text}
            placeholder="Its id, such as Y12a34x56"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            aria-invalid={mistake !== ""}
            aria-describedby="transaction-rule"
            onChange={(event) => setText(event.target.value.trim())}
          />
          <button className="primary" type="submit" disabled={!text || mistake !== ""}>
            Look up
          </button>
        </div>
        <p id="transaction-rule" className={mistake ? "mistake" : "hint"} role={mistake ? "alert" : undefined}>
          {mistake ? `transaction_id: ${mistake}` : "The id under which your backend recorded the payment."}
        </p>
      </form>
      {id && <Transaction key={id} transactionId={id} />}
    </>
  );
}
