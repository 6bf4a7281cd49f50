import { type ComponentProps, type ReactNode, useId } from "react";
import styles from "./fields.module.css";

interface FieldProps {
  label: string;
  /** What to know before filling it in. */
  hint?: ReactNode;
  /** What is wrong with what was filled in. */
  error?: string | undefined;
}

function Field({ label, hint, error, control }: FieldProps & { control: (aria: Aria) => ReactNode }) {
  const id = useId();
  const described = error === undefined && hint === undefined ? undefined : `${id}-note`;
  return (
    <div className={styles["field"]}>
      <label htmlFor={id}>{label}</label>
      {control({ id, "aria-describedby": described, "aria-invalid": error === undefined ? undefined : true })}
      {described !== undefined && (
        <div id={described} className={error === undefined ? styles["hint"] : styles["error"]}>
          {error ?? hint}
        </div>
      )}
    </div>
  );
}

interface Aria {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

type Own<Tag extends "input" | "textarea" | "select"> = FieldProps & Omit<ComponentProps<Tag>, "className" | "id">;

export function TextField({ label, hint, error, ...rest }: Own<"input">) {
  return (
    <Field
      {...{ label, hint, error }}
      control={(aria) => <input {...rest} {...aria} className={styles["control"]} />}
    />
  );
}

export function TextArea({ label, hint, error, rows = 4, ...rest }: Own<"textarea">) {
  return (
    <Field
      {...{ label, hint, error }}
      control={(aria) => <textarea rows={rows} {...rest} {...aria} className={styles["control"]} />}
    />
  );
}

export function SelectField({ label, hint, error, children, ...rest }: Own<"select">) {
  return (
    <Field
      {...{ label, hint, error }}
      control={(aria) => (
        <select {...rest} {...aria} className={styles["control"]}>
          {children}
        </select>
      )}
    />
  );
}

export function Checkbox({ label, hint, ...rest }: Omit<Own<"input">, "error" | "type">) {
  const id = useId();
  return (
    <div className={styles["check"]}>
      <input {...rest} type="checkbox" id={id} aria-describedby={hint === undefined ? undefined : `${id}-note`} />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <div id={`${id}-note`} className={styles["hint"]}>
          {hint}
        </div>
      )}
    </div>
  );
}

/** A search box in a bar of filters: its label is for screen readers. */
export function SearchBox({ label, ...rest }: { label: string } & Omit<ComponentProps<"input">, "className" | "type">) {
  return (
    <input
      {...rest}
      type="search"
      aria-label={label}
      placeholder={rest.placeholder ?? label}
      className={`${styles["control"]} ${styles["search"]}`}
    />
  );
}

/** A choice in a bar of filters: its label is for screen readers. */
export function FilterSelect({
  label,
  children,
  ...rest
}: { label: string } & Omit<ComponentProps<"select">, "className">) {
  return (
    <select {...rest} aria-label={label} className={`${styles["control"]} ${styles["filter"]}`}>
      {children}
    </select>
  );
}
