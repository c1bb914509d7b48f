/** The console's sign. */
export const Mark = () => <img className="mark" src="/icon.svg" alt="" width="32" height="32" />;
