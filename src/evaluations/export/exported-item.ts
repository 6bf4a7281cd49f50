import type { ItemResult } from "../statistics/item-result.ts";

/** An item as exports tell it: what statistics count, and where it comes from. Times are ISO 8601. */
export interface ExportedItem extends ItemResult {
  evaluationId: string;
  itemId: string;
  /** From 0, in the order of the evaluation. */
  position: number;
  model: string;
  /** Why it ended as it did (the closed list of docs/evaluations.md); null while it goes on. */
  endReason: string | null;
  /** All numbers that the verifier gave; null where it gave none. */
  rewards: Record<string, number> | null;
  error: string | null;
  retryCount: number;
  queuedAt: string | null;
  startedAt: string | null;
  agentFinishedAt: string | null;
  completedAt: string | null;
  runId: string | null;
  environmentId: string | null;
}

type Cell = string | number | boolean | null | Record<string, number>;

const passedOf = ({ status }: ExportedItem) =>
  status === "passed" ? true : status === "failed" || status === "timed_out" ? false : null;

/** The columns of CSV and the keys of JSONL, in their order. New ones are added at the end. */
const COLUMNS: readonly (readonly [name: string, read: (item: ExportedItem) => Cell])[] = [
  ["evaluation_id", (item) => item.evaluationId],
  ["item_id", (item) => item.itemId],
  ["position", (item) => item.position],
  ["task_ref", (item) => item.taskRef],
  ["task_name", (item) => item.taskName],
  ["attempt", (item) => item.attempt],
  ["model", (item) => item.model],
  ["item_status", (item) => item.status],
  ["end_reason", (item) => item.endReason],
  ["passed", passedOf],
  ["reward", (item) => item.reward],
  ["rewards", (item) => item.rewards],
  ["error", (item) => item.error],
  ["retry_count", (item) => item.retryCount],
  ["queued_at", (item) => item.queuedAt],
  ["started_at", (item) => item.startedAt],
  ["agent_finished_at", (item) => item.agentFinishedAt],
  ["completed_at", (item) => item.completedAt],
  ["provision_ms", (item) => item.provisionMs],
  ["agent_ms", (item) => item.agentMs],
  ["verify_ms", (item) => item.verifyMs],
  ["input_tokens", (item) => item.usage?.inputTokens ?? null],
  ["output_tokens", (item) => item.usage?.outputTokens ?? null],
  ["cached_tokens", (item) => item.usage?.cachedTokens ?? null],
  ["cost_usd", (item) => item.usage?.costUsd ?? null],
  ["run_id", (item) => item.runId],
  ["environment_id", (item) => item.environmentId],
];

/** One item as a line of JSON, with its line end. */
export function toJsonLine(item: ExportedItem): string {
  return `${JSON.stringify(Object.fromEntries(COLUMNS.map(([name, read]) => [name, read(item)])))}\n`;
}

/** The first line of a CSV (RFC 4180). */
export const CSV_HEADER = `${COLUMNS.map(([name]) => name).join(",")}\r\n`;

/** One item as a line of CSV, with its line end; what is null is empty. */
export function toCsvLine(item: ExportedItem): string {
  return `${COLUMNS.map(([, read]) => toCell(read(item))).join(",")}\r\n`;
}

/** What a spreadsheet would run as a formula when it stands first in a cell (OWASP, "CSV injection"). */
const FORMULA = /^[=+\-@\t\r\n]/;

function toCell(value: Cell): string {
  if (value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const harmless = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
