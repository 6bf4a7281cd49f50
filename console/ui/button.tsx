import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import styles from "./button.module.css";

type Look = "plain" | "primary" | "danger" | "quiet";

interface ButtonProps extends Omit<ComponentProps<"button">, "className"> {
  look?: Look;
  /** Shown in place of the content while what it does is under way; the button then does nothing. */
  busy?: boolean;
}

export function Button({ look = "plain", busy = false, type = "button", disabled, children, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={`${styles["button"]} ${styles[look]}`}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
    >
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "className" | "aria-label" | "title"> {
  /** What it does, for everybody: it is also the tooltip. */
  label: string;
  pressed?: boolean;
  children?: ReactNode;
}

/** A square button with an icon. */
export function IconButton({ label, pressed, type = "button", children, ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={`${styles["button"]} ${styles["icon"]}`}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
    >
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function LinkButton({ href, look = "plain", children }: { href: string; look?: Look; children: ReactNode }) {
  return (
    <Link href={href} className={`${styles["button"]} ${styles[look]}`}>
      {children}
    </Link>
  );
}
