import { memo } from "react";
import { Link } from "wouter";
import { usePlace } from "../../session/place.tsx";
import { toneOf, wordsOf } from "../../ui/status.tsx";
import styles from "./grid.module.css";
import type { Cell } from "./use-items.ts";

/** What stands in a cell, so that colour is not all that tells. */
const MARKS: Readonly<Record<string, string>> = {
  passed: "✓",
  failed: "✕",
  timed_out: "◷",
  infra_error: "!",
  cancelled: "–",
  queued: "·",
};

interface GridProps {
  evaluation: string;
  cells: readonly Cell[];
}

/** Tasks by attempts: each cell is an item by its status, and leads to what is known of it. */
export const Grid = memo(function Grid({ evaluation, cells }: GridProps) {
  const tasks = new Map<string, Cell[]>();
  for (const cell of cells) tasks.set(cell.task_ref, [...(tasks.get(cell.task_ref) ?? []), cell]);
  return (
    <ul className={styles["grid"]} aria-label="Tasks and their attempts">
      {Array.from(tasks, ([task, attempts]) => (
        <li key={task}>
          <span className={styles["task"]} title={task}>
            {task}
          </span>
          <span className={styles["cells"]}>
            {attempts
              .toSorted((one, other) => one.position - other.position)
              .map((cell) => (
                <GridCell key={cell.id} evaluation={evaluation} cell={cell} />
              ))}
          </span>
        </li>
      ))}
    </ul>
  );
});

const GridCell = memo(function GridCell({ evaluation, cell }: { evaluation: string; cell: Cell }) {
  const { link } = usePlace();
  const { item_status: status, attempt, reward, end_reason, error } = cell;
  const details = [
    wordsOf(status),
    end_reason && wordsOf(end_reason),
    reward !== null && `reward ${reward}`,
    error,
  ].filter(Boolean);
  const label = `Attempt ${attempt}: ${details.join(", ")}`;
  const look = `${styles["cell"]} ${styles[toneOf(status)]}`;
  const mark = MARKS[status] ?? "▸";
  return (
    <Link className={look} href={link(`evaluations/${evaluation}/items/${cell.id}`)} title={label} aria-label={label}>
      {mark}
    </Link>
  );
});
