import type { Taskyard } from "../taskyard.ts";
import { Follow, type FollowSettings } from "./follow.ts";

/** What a run's stream shows (docs/live-streams.md, "What it shows"): its states, and what its agent sent, as it was sent. */
export type RunEntry =
  | ({
      type: "task_run_state";
      run_id: string;
      task_id: string;
      status: "not_started" | "queued" | "in_progress" | "completed" | "failed" | "cancelled";
      stage: string | null;
      output: unknown;
      branch: string | null;
      error_message: string | null;
      updated_at: string;
      completed_at: string | null;
    } & Record<string, unknown>)
  | ({ type: "notification"; notification: { method?: string; params?: unknown } & Record<string, unknown> } & Record<
      string,
      unknown
    >)
  | Record<string, unknown>;

export interface FollowRunOptions extends FollowSettings {
  path: { project_id?: string; task_id: string; run_id: string };
}

/**
 * Follows a run from its beginning, or from `after` on, until it has ended and everything was sent. With the run's stream token as
 * the client's key, a browser needs no API key.
 */
export function followRun(client: Taskyard, { path, ...settings }: FollowRunOptions): Follow<RunEntry> {
  const target = {
    path: "/api/projects/{project_id}/tasks/{task_id}/runs/{run_id}/stream",
    values: path,
    query: {},
  };
  return new Follow(client, target, settings);
}
