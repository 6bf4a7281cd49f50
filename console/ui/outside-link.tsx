import type { ReactNode } from "react";
import styles from "./markdown.module.css";

/** A link out of data: it says where it goes, and only http, https and mailto go anywhere. */
export function OutsideLink({ href, children }: { href: string | undefined; children: ReactNode }) {
  const target =
    href !== undefined && /^(https?:|mailto:)/i.test(href) && URL.canParse(href) ? new URL(href) : undefined;
  if (!target) return <span title={href}>{children}</span>;
  return (
    <a
      href={target.href}
      target="_blank"
      rel="noopener noreferrer nofollow ugc"
      title={target.href}
      className={styles["link"]}
    >
      {children}
      <span className={styles["host"]}> ({target.host || target.pathname})</span>
    </a>
  );
}
