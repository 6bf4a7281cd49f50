import type { Paint } from "../output/colours.ts";

export const RUN_STATUSES = ["not_started", "queued", "in_progress", "completed", "failed", "cancelled"] as const;

export type RunStatus = (typeof RUN_STATUSES)[number];

const STYLES = {
  not_started: "dim",
  queued: "yellow",
  in_progress: "cyan",
  completed: "green",
  failed: "red",
  cancelled: "magenta",
} as const;

/** A run's status in its colour. */
export function paintStatus(paint: Paint, status: RunStatus): string {
  return paint(STYLES[status], status);
}

/** Whether a run with this status is over. */
export function isOver(status: string): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}
