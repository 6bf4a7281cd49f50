import type { ReactNode } from "react";
import styles from "./administration.module.css";

/** One part of the administration: what it is about, what can be added, and the list. */
export function Pane({ note, action, children }: { note: ReactNode; action?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles["pane"]}>
      <div className={styles["head"]}>
        <div className={styles["note"]}>{note}</div>
        {action}
      </div>
      {children}
    </div>
  );
}
