import { useId } from "react";
import { Button } from "./button.tsx";
import { CopyButton } from "./copy.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";
import styles from "./secret-once.module.css";

interface SecretOnceProps {
  title: string;
  /** What it is for. */
  label: string;
  secret: string;
  onClose: () => void;
}

/** A secret that no operation reads again: shown until the dialog is closed, and never again. */
export function SecretOnce({ title, label, secret, onClose }: SecretOnceProps) {
  const id = useId();
  return (
    <Dialog
      title={title}
      description="It is shown this once: keep it in a safe place now. It cannot be read later."
      isOpen
      onClose={onClose}
    >
      <label htmlFor={id} className={styles["label"]}>
        {label}
      </label>
      <div className={styles["secret"]}>
        <input id={id} readOnly value={secret} spellCheck={false} onFocus={(event) => event.target.select()} />
        <CopyButton text={secret} label={`Copy ${label.toLowerCase()}`} />
      </div>
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          I have kept it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
