import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";
import { TextField } from "./fields.tsx";
import { Form } from "./form.tsx";
import { FormError } from "./form-error.tsx";

interface ConfirmProps {
  /** A question: `Delete version 1.2.0?`. */
  title: string;
  /** What becomes of what there is. */
  children: ReactNode;
  /** What the button says that does it. */
  action: string;
  act: () => Promise<unknown>;
  /** What has to be typed first, where it cannot be undone and is large. */
  typed?: string;
  onClose: () => void;
}

/** Asks before something that cannot be undone; stays open, and says why, where it failed. */
export function Confirm({ title, children, action, act, typed, onClose }: ConfirmProps) {
  const [text, setText] = useState("");
  const doing = useMutation({ mutationFn: act, onSuccess: onClose });
  const isReady = typed === undefined || text.trim() === typed;
  return (
    <Dialog title={title} description={children} isOpen onClose={onClose}>
      <Form label={title} onSubmit={() => isReady && doing.mutate()}>
        {typed !== undefined && (
          <TextField
            label={`Type ${typed} to go on`}
            value={text}
            autoComplete="off"
            onChange={(event) => setText(event.target.value)}
          />
        )}
        <FormError error={doing.error} />
        <DialogActions>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="danger" disabled={!isReady} busy={doing.isPending}>
            {action}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
