import { open } from "../../../../src/client/call.ts";
import type { Taskyard } from "../../../../src/client/taskyard.ts";

/** Which run's log; of one attempt where it is named. */
export interface LogPath {
  task_id: string;
  run_id: string;
}

export interface LogSlice {
  entries: unknown[];
  /** Entries of the whole log. */
  total: number;
  hasMore: boolean;
}

const PATH = "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/session_logs";

/** Reads entries of a log from a place on. What comes ends before 2 MiB, so that it may be fewer than asked for. */
export async function readLog(yard: Taskyard, path: LogPath, offset: number, limit: number): Promise<LogSlice> {
  const response = await open(yard, "GET", PATH, { path, query: { offset, limit } });
  const entries: unknown = await response.json();
  return {
    entries: Array.isArray(entries) ? entries : [],
    total: Number(response.headers.get("X-Total-Count")),
    hasMore: response.headers.get("X-Has-More") === "true",
  };
}

/** One entry as the bytes that were sent. */
export async function readRawEntry(yard: Taskyard, path: LogPath, index: number, signal: AbortSignal): Promise<string> {
  const response = await open(yard, "GET", PATH, { path, query: { offset: index, limit: 1 }, signal });
  return (await response.text()).trim().replace(/^\[/, "").replace(/\]$/, "");
}
