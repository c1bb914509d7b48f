import { Permission } from "@grpcgoesbrrr/client";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { useFeed } from "./feed-provider";
import { Mark } from "./parts/mark";
import { useSession } from "./session";
import { applyTheme, chosenTheme, type Theme } from "./theme";

interface Page {
  path: string;
  name: string;
  needs: Permission;
}

const pages: Page[] = [
  { path: "/", name: "Look up", needs: Permission.ASSESS },
  { path: "/live", name: "Live", needs: Permission.READ },
  { path: "/activity", name: "Activity", needs: Permission.READ },
  { path: "/overview", name: "Overview", needs: Permission.READ },
  { path: "/model", name: "Model", needs: Permission.READ },
];

const isAt = (page: Page, location: string): boolean =>
  page.path === "/" ? location === "/" || location.startsWith("/transactions/") : location === page.path;

/** What is around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const { caller, may, signOut } = useSession();
  const [location] = useLocation();
  const main = useRef<HTMLElement>(null);
  const here = pages.find((page) => isAt(page, location));
  useEffect(() => {
    document.title = here ? `${here.name} · Fraud activity` : "Fraud activity";
  }, [here]);
  return (
    <div className="shell">
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <header className="top">
        <Link href="/" className="brand" aria-label="Fraud activity, look up">
          <Mark />
          <span>Fraud activity</span>
        </Link>
        <nav aria-label="Pages">
          {pages.filter((page) => may(page.needs)).map((page) => (
            <Link key={page.path} href={page.path} aria-current={page === here ? "page" : undefined}>
              {page.name}
            </Link>
          ))}
        </nav>
        <div className="who">
          <FeedLamp />
          <ThemeChoice />
          <span className="name" title={`Key ${caller.keyId}`}>
            {caller.name} <span className="role">{caller.role}</span>
          </span>
          <button type="button" className="quiet" onClick={() => signOut()}>
            Sign out
          </button>
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** Says whether what is new comes in by itself. */
function FeedLamp() {
  const { status } = useFeed();
  if (status === "off") return null;
  const text = { connecting: "connecting", open: "live", reconnecting: "reconnecting", hidden: "asleep" }[status];
  return (
    <span className={`lamp ${status}`} role="status">
      <span aria-hidden="true" className="dot" />
      {text}
    </span>
  );
}

const nextTheme: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function ThemeChoice() {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = () => {
    applyTheme(nextTheme[theme]);
    setTheme(nextTheme[theme]);
  };
  return (
    <button type="button" className="quiet" onClick={choose} title="Light, dark or as the system says">
      <span className="sr">Colours: </span>
      {theme === "system" ? "◐ Auto" : theme === "light" ? "☀ Light" : "☾ Dark"}
    </button>
  );
}
