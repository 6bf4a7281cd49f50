import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "./button.tsx";
import styles from "./dialog.module.css";

interface DialogProps {
  title: string;
  description?: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  /** Wide enough for a form with columns, or for code. */
  wide?: boolean;
  children: ReactNode;
}

/** A dialog over the page: it takes the focus, keeps it, and gives it back. */
export function Dialog({ title, description, isOpen, onClose, wide = false, children }: DialogProps) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles["scrim"]} />
        <Base.Popup className={`${styles["popup"]} ${wide ? styles["wide"] : ""}`}>
          <header className={styles["head"]}>
            <Base.Title>{title}</Base.Title>
            <Base.Close render={<IconButton label="Close" />}>
              <X aria-hidden="true" />
            </Base.Close>
          </header>
          {description !== undefined && (
            <Base.Description className={styles["description"]}>{description}</Base.Description>
          )}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** The row of a dialog's buttons; the one that goes on stands last. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles["actions"]}>{children}</div>;
}
