import type { agentRuns } from "../../db/agent-schema.ts";
import type { WireRun } from "./run-schema.ts";
import { toWireTime } from "../../db/microseconds.ts";

/** A run as its Durable Object projects it. */
export type RunRow = typeof agentRuns.$inferSelect;

/** Makes the `log_url` of a run; null where the deployment has no secret to sign links with. */
export type SignLogUrl = (run: Pick<RunRow, "id" | "taskId" | "projectNumber">) => Promise<string | null>;

/** Which company's models an adapter runs when the state does not say. */
const PROVIDERS: Partial<Record<string, string>> = { claude: "anthropic", codex: "openai" };

/** The path of a run's log for holders of a signed link (agent-tasks 2.2 `log_url`). */
export function logPathOf({ id, taskId, projectNumber }: Parameters<SignLogUrl>[0]): string {
  return `/api/projects/${projectNumber}/tasks/${taskId}/runs/${id}/log.jsonl`;
}

/** The wire form of a run (2.2); the runtime fields are what its state says. */
export async function toRun(row: RunRow, signLogUrl: SignLogUrl): Promise<WireRun> {
  const stateText = (key: string) => {
    const value = row.state[key];
    return typeof value === "string" ? value : null;
  };
  const adapter = stateText("runtime_adapter");
  return {
    id: row.id,
    task: row.taskId,
    stage: row.stage,
    branch: row.branch,
    status: row.status,
    environment: row.environment,
    log_url: await signLogUrl(row),
    error_message: row.errorMessage,
    output: row.output,
    state: row.state,
    artifacts: row.artifacts,
    created_at: toWireTime(row.createdAt),
    updated_at: toWireTime(row.updatedAt),
    completed_at: row.completedAt === null ? null : toWireTime(row.completedAt),
    runtime_adapter: adapter,
    provider: stateText("provider") ?? (adapter === null ? null : (PROVIDERS[adapter] ?? null)),
    model: stateText("model"),
    reasoning_effort: stateText("reasoning_effort"),
  };
}
