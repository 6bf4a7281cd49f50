import { diffLines } from "diff";
import { useMemo } from "react";
import styles from "./diff.module.css";

/** Lines around a change that are shown, and characters of a side that are compared. */
const CONTEXT = 3;
const MOST_CHARACTERS = 200_000;

interface Line {
  mark: "+" | "-" | " " | "…";
  text: string;
}

/** The difference between two texts, line by line. */
export function DiffView({ path, before, after }: { path: string; before: string; after: string }) {
  const lines = useMemo(() => compare(before, after), [before, after]);
  return <Lines path={path} lines={lines} />;
}

/** A difference that is written out already, in the unified format. */
export function UnifiedDiff({ text }: { text: string }) {
  const lines = text.split("\n").map((line): Line => {
    const isHead = line.startsWith("+++") || line.startsWith("---");
    if (!isHead && (line.startsWith("+") || line.startsWith("-")))
      return { mark: line.startsWith("+") ? "+" : "-", text: line.slice(1) };
    return line.startsWith("@@") || isHead ? { mark: "…", text: line } : { mark: " ", text: line.replace(/^ /, "") };
  });
  return <Lines path="" lines={lines} />;
}

export function isUnifiedDiff(text: string): boolean {
  return /^(diff --git |--- .+\n\+\+\+ )/m.test(text.slice(0, 2_000)) && text.includes("\n@@ ");
}

function Lines({ path, lines }: { path: string; lines: readonly Line[] }) {
  return (
    <figure className={styles["diff"]}>
      {path !== "" && <figcaption>{path}</figcaption>}
      {/* What is wider than its place is scrolled by the keyboard, too. */}
      <pre tabIndex={0}>
        {lines.map(({ mark, text }, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- lines of a text that does not change
          <span
            key={index}
            className={styles[mark === "+" ? "added" : mark === "-" ? "removed" : mark === "…" ? "between" : "same"]}
          >
            <span className={styles["mark"]}>{mark}</span>
            {text}
            {"\n"}
          </span>
        ))}
      </pre>
    </figure>
  );
}

function compare(before: string, after: string): Line[] {
  const changes = diffLines(before.slice(0, MOST_CHARACTERS), after.slice(0, MOST_CHARACTERS));
  return changes.flatMap(({ value, added, removed }, index): Line[] => {
    const lines = value.replace(/\n$/, "").split("\n");
    if (added || removed) return lines.map((text) => ({ mark: added ? "+" : "-", text }));
    const head = index === 0 ? 0 : CONTEXT;
    const tail = index === changes.length - 1 ? 0 : CONTEXT;
    const same = (part: string[]) => part.map((text): Line => ({ mark: " ", text }));
    if (lines.length <= head + tail + 1) return same(lines);
    return [
      ...same(lines.slice(0, head)),
      { mark: "…", text: `${lines.length - head - tail} lines` },
      ...same(tail === 0 ? [] : lines.slice(-tail)),
    ];
  });
}
