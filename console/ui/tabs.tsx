import { Tabs as Base } from "@base-ui/react/tabs";
import type { ReactNode } from "react";
import styles from "./tabs.module.css";

export interface Tab {
  id: string;
  name: string;
  /** Stands beside the name. */
  count?: number | undefined;
  content: () => ReactNode;
}

interface TabsProps {
  label: string;
  tabs: readonly Tab[];
  current: string;
  onChange: (id: string) => void;
}

/** Tabs; only the content of the current one is in the page. */
export function Tabs({ label, tabs, current, onChange }: TabsProps) {
  const shown = tabs.find(({ id }) => id === current) ?? tabs[0];
  return (
    <Base.Root value={shown?.id} onValueChange={(value: unknown) => onChange(String(value))} className={styles["root"]}>
      <Base.List className={styles["list"]} aria-label={label}>
        {tabs.map(({ id, name, count }) => (
          <Base.Tab key={id} value={id} className={styles["tab"]}>
            {name}
            {count !== undefined && <span className={styles["count"]}>{count}</span>}
          </Base.Tab>
        ))}
      </Base.List>
      {shown && (
        <Base.Panel value={shown.id} className={styles["panel"]}>
          {shown.content()}
        </Base.Panel>
      )}
    </Base.Root>
  );
}
