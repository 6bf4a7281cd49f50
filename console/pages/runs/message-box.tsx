import { SendHorizontal } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button } from "../../ui/button.tsx";
import styles from "./message-box.module.css";

/** A message to the agent at work. */
export function MessageBox({ send }: { send: (content: string) => Promise<void> }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    // What was not taken stays in the box.
    await send(text.trim()).then(
      () => setText(""),
      () => undefined,
    );
    setBusy(false);
  };
  return (
    <form className={styles["box"]} onSubmit={(event) => void submit(event)}>
      <input
        aria-label="Message to the agent"
        placeholder="Message to the agent"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" look="primary" busy={busy} disabled={text.trim() === ""}>
        <SendHorizontal aria-hidden="true" /> Send
      </Button>
    </form>
  );
}
