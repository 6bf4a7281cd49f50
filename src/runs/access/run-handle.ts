import type { Handle } from "../../objects/handle.ts";
import type { Run } from "../object/run-object.ts";

type Calls =
  | "create"
  | "read"
  | "change"
  | "settle"
  | "admit"
  | "hear"
  | "appendLog"
  | "takeEvents"
  | "command"
  | "describeLog"
  | "readLog"
  | "dropLog"
  | "sessionLogs";

/** A run as its callers reach it; `fetch` opens its stream (stream-request.ts). */
export type RunHandle = Handle<Run, Calls>;

/** The run of an id, whether it was created or not: one that was not answers `not_found` and stores nothing. */
export function openRun(env: Cloudflare.Env, runId: string): RunHandle {
  return env.RUN.getByName(runId);
}
