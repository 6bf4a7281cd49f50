import { Braces, Brain, CircleHelp, MessageSquareText, Terminal, User, Wrench } from "lucide-react";
import { type ComponentType, memo, useEffect, useState } from "react";
import { usePlace } from "../../../session/place.tsx";
import { AnsiText } from "../../../ui/ansi.tsx";
import { Button, IconButton } from "../../../ui/button.tsx";
import { CopyButton } from "../../../ui/copy.tsx";
import { MarkdownText } from "../../../ui/markdown.tsx";
import { messageOf } from "../../../ui/states.tsx";
import { type Entry, type Kind, type Permission, permissionOf } from "./entry.ts";
import { type LogPath, readRawEntry } from "./log-pages.ts";
import styles from "./log-row.module.css";
import { Marked } from "./marked.tsx";
import { ToolCallView } from "./tool-call.tsx";

/** What can be done from a row. */
export interface RowActions {
  /** Answers the agent's question; undefined where nobody may, or the run has ended. */
  answer: ((permission: Permission, optionId: string) => Promise<void>) | undefined;
}

interface LogRowProps {
  /** Position of the first entry. */
  index: number;
  /** One entry, or the chunks of one message; undefined while they are on their way. */
  entries: readonly (Entry | undefined)[];
  path: LogPath;
  /** Text that is searched for. */
  find: string;
  isCurrent: boolean;
  actions: RowActions;
}

const ICONS: Partial<Record<Kind, ComponentType<{ "aria-hidden": "true" }>>> = {
  message: MessageSquareText,
  thought: Brain,
  user: User,
  tool: Wrench,
  console: Terminal,
  permission: CircleHelp,
};

/** Characters of a line that are shown in the list. */
const MOST_CHARACTERS = 20_000;

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** One entry of the log. */
export const LogRow = memo(
  function LogRow({ index, entries, path, find, isCurrent, actions }: LogRowProps) {
    const [isRaw, setIsRaw] = useState(false);
    const entry = entries[0];
    if (!entry) return <div className={`${styles["row"]} ${styles["pending"]}`}>…</div>;
    const text = entries.length === 1 ? entry.text : entries.map((each) => each?.text ?? "").join("");
    const Icon = ICONS[entry.kind];
    return (
      <div
        className={`${styles["row"]} ${styles[entry.level]} ${styles[entry.kind]} ${isCurrent ? styles["current"] : ""}`}
        data-entry={index}
      >
        <span className={styles["time"]} title={entry.time}>
          {describeTime(entry.time)}
        </span>
        <span className={styles["label"]} title={entry.label}>
          {Icon && <Icon aria-hidden="true" />}
          {labelOf(entry)}
        </span>
        <div className={styles["body"]}>
          <Body entry={entry} text={text} find={find} actions={actions} />
          {isRaw && <RawEntry index={index} path={path} />}
        </div>
        <span className={styles["tools"]}>
          <IconButton
            label={isRaw ? "Hide the JSON" : "Show the JSON"}
            pressed={isRaw}
            onClick={() => setIsRaw(!isRaw)}
          >
            <Braces aria-hidden="true" />
          </IconButton>
        </span>
      </div>
    );
  },
  (before, after) =>
    before.index === after.index &&
    before.find === after.find &&
    before.isCurrent === after.isCurrent &&
    before.actions === after.actions &&
    before.entries.length === after.entries.length &&
    before.entries.every((entry, at) => entry === after.entries[at]),
);

function Body({ entry, text, find, actions }: { entry: Entry; text: string; find: string; actions: RowActions }) {
  switch (entry.kind) {
    case "message":
    case "user":
    case "thought":
    case "plan":
      return <MarkdownText text={text} />;
    case "tool":
      return <ToolCallView raw={entry.raw} find={find} />;
    case "permission":
      return <PermissionView entry={entry} actions={actions} />;
    case "console":
    case "usage":
    case "state":
    case "other":
      return (
        <pre className={styles["line"]}>
          {find === "" ? (
            <AnsiText text={text.slice(0, MOST_CHARACTERS)} />
          ) : (
            <Marked text={text.slice(0, MOST_CHARACTERS)} find={find} />
          )}
          {text.length > MOST_CHARACTERS && " … (the rest is in the JSON)"}
        </pre>
      );
  }
}

function PermissionView({ entry, actions: { answer } }: { entry: Entry; actions: RowActions }) {
  const [state, setState] = useState<"open" | "busy" | "done">("open");
  const permission = permissionOf(entry.raw);
  if (!permission) return <pre className={styles["line"]}>{entry.text}</pre>;
  const choose = async (optionId: string) => {
    if (!answer) return;
    setState("busy");
    try {
      await answer(permission, optionId);
      setState("done");
    } catch {
      setState("open");
    }
  };
  return (
    <div className={styles["permission"]}>
      <b>{permission.title}</b>
      {answer && state !== "done" && (
        <span className={styles["options"]}>
          {permission.options.map(({ id, name }) => (
            <Button key={id} busy={state === "busy"} onClick={() => void choose(id)}>
              {name}
            </Button>
          ))}
        </span>
      )}
      {state === "done" && <span>Answered.</span>}
    </div>
  );
}

function RawEntry({ index, path }: { index: number; path: LogPath }) {
  const { yard } = usePlace();
  const [text, setText] = useState<string>();
  useEffect(() => {
    const left = new AbortController();
    readRawEntry(yard, path, index, left.signal).then(setText, (error: unknown) => {
      if (!left.signal.aborted) setText(messageOf(error));
    });
    return () => left.abort();
  }, [yard, path, index]);
  return (
    <div className={styles["raw"]}>
      <pre tabIndex={0}>{text ?? "…"}</pre>
      {text !== undefined && <CopyButton text={text} label="Copy the JSON" />}
    </div>
  );
}

function labelOf({ kind, label }: Entry): string {
  switch (kind) {
    case "message":
      return "agent";
    case "thought":
      return "thinks";
    case "user":
      return "user";
    case "tool":
      return label === "tool_call" ? "tool" : "result";
    case "permission":
    case "plan":
    case "usage":
    case "state":
      return kind;
    case "console":
    case "other":
      return label;
  }
}

function describeTime(time: string): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? "" : TIME.format(at);
}
