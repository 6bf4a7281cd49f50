import { type FormEvent, useState } from "react";
import { executeInEnvironment } from "../../../src/client/generated/operations.gen.ts";
import { usePlace } from "../../session/place.tsx";
import { AnsiText } from "../../ui/ansi.tsx";
import { Button } from "../../ui/button.tsx";
import { messageOf } from "../../ui/states.tsx";
import styles from "./environment-page.module.css";

interface Done {
  number: number;
  command: string;
  output: string;
}

/** Commands one after the other, for sandboxes without terminals. */
export function CommandLine({ environment, token }: { environment: string; token: string }) {
  const { yard } = usePlace();
  const [done, setDone] = useState<readonly Done[]>([]);
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const command = text.trim();
    setBusy(true);
    const output = await run(command).catch(messageOf);
    setDone((earlier) => [...earlier, { number: earlier.length, command, output }]);
    setText("");
    setBusy(false);
  };
  const run = async (command: string): Promise<string> => {
    const { stdout, stderr, exit_code } = await executeInEnvironment(yard, {
      path: { environment_id: environment },
      headers: { "X-Environment-Token": token },
      body: { command },
    });
    return `${stdout}${stderr}${exit_code === 0 ? "" : `[exit code ${exit_code}]\n`}`;
  };
  return (
    <div>
      <pre className={styles["screen"]} role="log" aria-label="Output" tabIndex={0}>
        {done.map(({ number, command, output }) => (
          <span key={number}>
            <b>$ {command}</b>
            {"\n"}
            <AnsiText text={output} />
            {output.endsWith("\n") || output === "" ? "" : "\n"}
          </span>
        ))}
        {done.length === 0 && "This sandbox has no terminals: each command runs by itself.\n"}
      </pre>
      <form className={styles["prompt"]} onSubmit={(event) => void submit(event)}>
        <input
          aria-label="Command"
          placeholder="Command"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" look="primary" busy={busy} disabled={text.trim() === ""}>
          Run
        </Button>
      </form>
    </div>
  );
}
