import type { Paint } from "../output/colours.ts";

/** How items and evaluations look: their statuses in colour, and as one character. */

const STYLES: Readonly<Record<string, Parameters<Paint>[0]>> = {
  passed: "green",
  completed: "green",
  failed: "red",
  timed_out: "red",
  infra_error: "yellow",
  cancelled: "magenta",
  running: "cyan",
  queued: "dim",
};

const MARKS: Readonly<Record<string, string>> = {
  passed: "✓",
  failed: "✗",
  timed_out: "⏱",
  infra_error: "!",
  cancelled: "–",
  queued: "·",
};

/** A status in its colour; what is on its way is cyan. */
export function paintItemStatus(paint: Paint, status: string): string {
  return paint(STYLES[status] ?? "cyan", status);
}

export const paintEvaluationStatus = paintItemStatus;

/** One character for an attempt. */
export function markOf(paint: Paint, status: string): string {
  return paint(STYLES[status] ?? "cyan", MARKS[status] ?? "▸");
}

/** Whether an item has ended. */
export function isEnded(status: string): boolean {
  return ["passed", "failed", "timed_out", "infra_error", "cancelled"].includes(status);
}
