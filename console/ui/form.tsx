import type { FormEvent, ReactNode } from "react";
import styles from "./form.module.css";

/** The fields of a form one below the other; `onSubmit` is called by the button and by Enter. */
export function Form({ label, onSubmit, children }: { label: string; onSubmit: () => void; children: ReactNode }) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className={styles["form"]} aria-label={label} onSubmit={submit} noValidate>
      {children}
    </form>
  );
}

/** Fields beside each other where there is room. */
export function FieldRow({ children }: { children: ReactNode }) {
  return <div className={styles["row"]}>{children}</div>;
}

/** Fields that belong together, under a name. */
export function FieldGroup({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    <fieldset className={styles["group"]}>
      <legend>{name}</legend>
      {hint !== undefined && <p className={styles["hint"]}>{hint}</p>}
      {children}
    </fieldset>
  );
}
