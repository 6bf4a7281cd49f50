import { useState } from "react";
import { AnsiText } from "../../../ui/ansi.tsx";
import { DiffView, isUnifiedDiff, UnifiedDiff } from "../../../ui/diff.tsx";
import { JsonView } from "../../../ui/json.tsx";
import { StatusBadge } from "../../../ui/status.tsx";
import { isFields, type ToolContent, toolCallOf } from "./entry.ts";
import { Marked } from "./marked.tsx";
import styles from "./tool-call.module.css";

/** Lines of a text that are shown before it is asked for whole. */
const SHOWN_LINES = 12;

/** A tool call, or what it gave: title, arguments and results, each in the form that it reads best in. */
export function ToolCallView({ raw, find }: { raw: Record<string, unknown>; find: string }) {
  const { title, kind, status, input, output, content } = toolCallOf(raw);
  return (
    <div className={styles["call"]}>
      <p className={styles["head"]}>
        <b>
          <Marked text={title === "" ? "Tool call" : title} find={find} />
        </b>
        {kind !== "" && <span className={styles["kind"]}>{kind}</span>}
        {status !== "" && <StatusBadge status={status} />}
      </p>
      <Arguments input={input} />
      {content.map((part, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- parts of an entry that does not change
        <Content key={index} part={part} />
      ))}
      {content.length === 0 && <Output output={output} />}
    </div>
  );
}

function Arguments({ input }: { input: unknown }) {
  if (input === undefined || input === null) return null;
  if (isFields(input)) {
    const { command } = input;
    if (typeof command === "string") return <pre className={styles["command"]}>$ {command}</pre>;
    if (Object.keys(input).length === 0) return null;
  }
  return typeof input === "string" ? <Text text={input} /> : <JsonView value={input} depth={1} />;
}

function Content({ part }: { part: ToolContent }) {
  if (part.type === "diff") return <DiffView path={part.path} before={part.old} after={part.new} />;
  return <Text text={part.text} />;
}

function Output({ output }: { output: unknown }) {
  if (output === undefined || output === null) return null;
  return typeof output === "string" ? <Text text={output} /> : <JsonView value={output} depth={1} />;
}

function Text({ text }: { text: string }) {
  const [isWhole, setIsWhole] = useState(false);
  if (text === "") return null;
  if (isUnifiedDiff(text)) return <UnifiedDiff text={text} />;
  const lines = text.split("\n");
  const isLong = lines.length > SHOWN_LINES + 2;
  return (
    <div>
      <pre className={styles["output"]} tabIndex={isWhole ? 0 : undefined}>
        <AnsiText text={isWhole || !isLong ? text : lines.slice(0, SHOWN_LINES).join("\n")} />
      </pre>
      {isLong && (
        <button type="button" className={styles["more"]} onClick={() => setIsWhole(!isWhole)}>
          {isWhole ? "Show less" : `Show ${lines.length - SHOWN_LINES} more lines`}
        </button>
      )}
    </div>
  );
}
