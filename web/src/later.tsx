import { useEffect, useState, type ComponentType } from "react";

/**
 * A part that is fetched when it is first shown, or before. React's lazy would
 * hold it back for a third of a second once its fallback has been shown.
 */
export function later<P extends object>(fetch: () => Promise<{ default: ComponentType<P> }>): ComponentType<P> & { fetch(): Promise<void> } {
  let Fetched: ComponentType<P> | undefined;
  const get = async () => {
    Fetched ??= (await fetch()).default;
  };
  function Later(props: P) {
    const [, setFetched] = useState(Fetched !== undefined);
    const [error, setError] = useState<unknown>();
    useEffect(() => {
      get().then(() => setFetched(true), setError);
    }, []);
    if (Fetched) return <Fetched {...props} />;
    if (error !== undefined) {
      return (
        <p role="alert" className="empty">
          This page could not be fetched: the server may have a newer one. Reload it.
        </p>
      );
    }
    return (
      <p role="status" className="wait">
        Loading …
      </p>
    );
  }
  return Object.assign(Later, { fetch: get });
}
