import type { Run } from "./run-object.ts";

type Calls = "create" | "read" | "change" | "appendLog" | "takeEvents" | "command" | "readLog" | "sessionLogs";

/**
 * A run as its callers reach it: the RPC methods of its object, which answer expected failures as values. Written out,
 * because the stub's own type turns answers that hold any JSON into `never`.
 */
export type RunHandle = {
  [Call in Calls]: (...args: Parameters<Run[Call]>) => Promise<Awaited<ReturnType<Run[Call]>>>;
} & {
  /** Opens the run's stream (stream-request.ts). */
  fetch: (request: Request) => Promise<Response>;
};

/** The run of an id, whether it was created or not: one that was not answers `not_found` and stores nothing. */
export function openRun(env: Cloudflare.Env, runId: string): RunHandle {
  return env.RUN.getByName(runId);
}
