import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Screen } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "react";
import { openTerminal, type Terminal } from "../../../src/client/live/terminal.ts";
import { usePlace } from "../../session/place.tsx";
import { Button } from "../../ui/button.tsx";
import { messageOf } from "../../ui/states.tsx";
import styles from "./environment-page.module.css";

/** A terminal in the environment; a connection that breaks is made again, and no byte is lost or repeated. */
export function TerminalView({ environment, token }: { environment: string; token: string }) {
  const { yard } = usePlace();
  const place = useRef<HTMLDivElement>(null);
  const [note, setNote] = useState("Connecting …");
  const [attempt, setAttempt] = useState(0);
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    if (!place.current) return;
    const left = new AbortController();
    const screen = new Screen({
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--font-mono"),
      fontSize: 13,
      cursorBlink: true,
      screenReaderMode: true,
      theme: { background: "#14171d", foreground: "#e7eaef" },
    });
    const fit = new FitAddon();
    screen.loadAddon(fit);
    screen.open(place.current);
    fit.fit();
    screen.focus();
    setIsOver(false);
    const watch = new ResizeObserver(() => fit.fit());
    watch.observe(place.current);
    const opening: Promise<Terminal> = openTerminal(yard, {
      path: { environment_id: environment },
      token,
      rows: screen.rows,
      cols: screen.cols,
      signal: left.signal,
      onReconnect: () => setNote("The connection broke. Connecting again …"),
      onLost: (bytes) => setNote(`${bytes} bytes of output were gone before they could be sent.`),
    });
    const tell = (error: unknown) => {
      if (!left.signal.aborted) setNote(messageOf(error));
    };
    // What is typed while it is opened waits for it.
    screen.onData((data) => void opening.then((terminal) => terminal.write(data)).catch(tell));
    screen.onResize(({ rows, cols }) => void opening.then((terminal) => terminal.resize(rows, cols)).catch(tell));
    const run = async () => {
      const terminal = await opening;
      setNote("");
      for await (const bytes of terminal) {
        setNote("");
        // What is shown is acknowledged, so that a program that writes much waits for the screen.
        await new Promise<void>((resolve) => screen.write(bytes, resolve));
      }
      const { exit } = terminal;
      setNote(
        exit?.reason ??
          (exit?.exitCode === undefined ? "The terminal is over." : `The shell ended with ${exit.exitCode}.`),
      );
      setIsOver(true);
    };
    run().catch((error: unknown) => {
      tell(error);
      if (!left.signal.aborted) setIsOver(true);
    });
    return () => {
      left.abort();
      watch.disconnect();
      screen.dispose();
    };
  }, [yard, environment, token, attempt]);
  return (
    <div>
      <div className={styles["terminal"]}>
        <div ref={place} />
      </div>
      <p className={styles["note"]} role="status">
        {note} {isOver && <Button onClick={() => setAttempt(attempt + 1)}>Open another one</Button>}
      </p>
    </div>
  );
}
