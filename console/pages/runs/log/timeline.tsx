import { memo } from "react";
import { describeDuration } from "../../../ui/time.tsx";
import { KINDS, LEVELS } from "./entry.ts";
import styles from "./timeline.module.css";
import type { Scan } from "./use-scan.ts";

/** Pieces that the time is cut into. */
const PIECES = 120;

const TOOL = KINDS.indexOf("tool");
const MESSAGE = KINDS.indexOf("message");
const ERROR = LEVELS.indexOf("error");

interface Piece {
  rows: number;
  tools: number;
  messages: number;
  errors: number;
  /** The first row in it. */
  first: number;
}

/** When how much happened: messages, tool calls and errors over time. Each piece leads to its place in the log. */
export const Timeline = memo(function Timeline({ scan, onSelect }: { scan: Scan; onSelect: (row: number) => void }) {
  const pieces = cut(scan);
  if (!pieces) return null;
  const most = Math.max(...pieces.parts.map(({ rows }) => rows), 1);
  return (
    <div className={styles["timeline"]}>
      <div className={styles["bars"]} role="group" aria-label="Timeline">
        {pieces.parts.map((part, index) => (
          <button
            // oxlint-disable-next-line react/no-array-index-key -- a piece is its place in time
            key={index}
            type="button"
            tabIndex={-1}
            className={styles["piece"]}
            disabled={part.rows === 0}
            aria-label={describe(part, (index / PIECES) * pieces.length)}
            title={describe(part, (index / PIECES) * pieces.length)}
            onClick={() => onSelect(part.first)}
          >
            <span
              className={`${styles["bar"]} ${toneOf(part)}`}
              style={{ height: `${part.rows === 0 ? 0 : 15 + (85 * part.rows) / most}%` }}
            />
          </button>
        ))}
      </div>
      <p className={styles["legend"]}>
        <span className={styles["message"]}>messages</span> <span className={styles["tool"]}>tool calls</span>{" "}
        <span className={styles["error"]}>errors</span>{" "}
        <span className={styles["span"]}>over {describeDuration(pieces.length)}</span>
      </p>
    </div>
  );
});

function toneOf(part: Piece): string | undefined {
  if (part.errors > 0) return styles["errorBar"];
  if (part.tools > 0) return styles["toolBar"];
  return part.messages > 0 ? styles["messageBar"] : undefined;
}

function describe({ rows, tools, messages, errors }: Piece, at: number): string {
  return `After ${describeDuration(at)}: ${rows} entries, ${messages} messages, ${tools} tool calls, ${errors} errors`;
}

function cut(scan: Scan): { parts: Piece[]; length: number } | undefined {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < scan.count; row += 1) {
    const time = scan.timeOf(row);
    if (Number.isNaN(time)) continue;
    from = Math.min(from, time);
    to = Math.max(to, time);
  }
  if (!(to > from)) return undefined;
  const parts = Array.from({ length: PIECES }, (): Piece => ({ rows: 0, tools: 0, messages: 0, errors: 0, first: 0 }));
  for (let row = 0; row < scan.count; row += 1) {
    const part = parts[Math.min(PIECES - 1, Math.floor(((scan.timeOf(row) - from) / (to - from)) * PIECES))];
    if (!part) continue;
    if (part.rows === 0) part.first = row;
    part.rows += 1;
    if (scan.kindOf(row) === TOOL) part.tools += 1;
    if (scan.kindOf(row) === MESSAGE) part.messages += 1;
    if (scan.levelOf(row) === ERROR) part.errors += 1;
  }
  return { parts, length: to - from };
}
