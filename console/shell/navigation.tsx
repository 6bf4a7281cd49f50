import { Link, useLocation } from "wouter";
import { SECTIONS } from "../pages/sections.ts";
import { usePlace } from "../session/place.tsx";
import styles from "./navigation.module.css";

/** The ways to the console's sections, as far as the key may see them. */
export function Navigation() {
  const { link, may } = usePlace();
  const [path] = useLocation();
  return (
    <nav className={styles["navigation"]} aria-label="Sections">
      {SECTIONS.filter(({ scope }) => scope === undefined || may(scope)).map(({ id, name, icon: Icon }) => {
        const href = link(id);
        const isCurrent = path === href || path.startsWith(`${href}/`);
        return (
          <Link key={id} href={href} aria-current={isCurrent ? "page" : undefined} className={styles["item"]}>
            <Icon aria-hidden="true" />
            {name}
          </Link>
        );
      })}
      <a href="/docs" className={`${styles["item"]} ${styles["last"]}`}>
        API docs
      </a>
    </nav>
  );
}
