import { type ReactNode, useEffect } from "react";
import { Link } from "wouter";
import styles from "./page.module.css";

/** The title of the browser's tab. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Taskyard`;
  }, [title]);
}

interface PageProps {
  title: string;
  /** Where the page hangs: the pages above it, with their console paths. */
  above?: readonly { name: string; href: string }[];
  /** Stands beside the title. */
  badge?: ReactNode;
  actions?: ReactNode;
  /** The page fills the window, and scrolls within. */
  full?: boolean;
  children: ReactNode;
}

/** A page: where it is, its title, what can be done, and its content. */
export function Page({ title, above = [], badge, actions, full = false, children }: PageProps) {
  usePageTitle(title);
  return (
    <div className={`${styles["page"]} ${full ? styles["full"] : ""}`}>
      <header className={styles["head"]}>
        <div className={styles["titles"]}>
          {above.length > 0 && (
            <nav aria-label="Breadcrumbs" className={styles["above"]}>
              {above.map(({ name, href }) => (
                <span key={href}>
                  <Link href={href}>{name}</Link> <span aria-hidden="true">›</span>
                </span>
              ))}
            </nav>
          )}
          <h1 className={styles["title"]}>
            <span>{title}</span> {badge}
          </h1>
        </div>
        {actions !== undefined && <div className={styles["actions"]}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A row of filters and the like above a list. */
export function Bar({ children }: { children: ReactNode }) {
  return <div className={styles["bar"]}>{children}</div>;
}

/** A part of a page with a heading. */
export function Part({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles["part"]}>
      <div className={styles["partHead"]}>
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** Names and values. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={styles["facts"]}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
