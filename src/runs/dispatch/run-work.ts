import { z } from "zod";
import { signAgentToken, signIngestToken } from "../../auth/run-tokens.ts";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import type { WorkEvent, Work, WorkOwner } from "../../pool/work.ts";
import type { RunRow } from "../model/run-view.ts";
import { openRun } from "../access/run-handle.ts";
import { findTaskOfRun } from "../access/run-store.ts";

/** What the Workflow of a run is told: the run, and the instance's own id. */
const runReference = z.object({
  runId: z.string(),
  scope: z.object({ organizationId: z.string(), projectNumber: z.int(), taskId: z.string() }),
  instanceId: z.string(),
  labels: z.array(z.string()),
});

export type RunReference = z.output<typeof runReference>;

/** The type of the events that the Workflow of a run waits for, and what they carry. */
export const RUNNER_EVENT = "runner";

export interface RunnerEvent {
  workId: string;
  event: WorkEvent;
}

/** One attempt at a run as the pool knows it. */
export function toRunWork(reference: RunReference, attempt: number): Work {
  return { id: `${reference.runId}.${attempt}`, kind: "run", labels: reference.labels, reference };
}

/**
 * Whether a run is not for a runner (any more): it has ended, it is not queued on its first attempt, or a client has given
 * it a sandbox of its own.
 */
export function needsNoRunner(run: RunRow, attempt: number): boolean {
  const isOpen = attempt === 1 ? run.status === "queued" : run.status === "queued" || run.status === "in_progress";
  return !isOpen || run.state["sandbox_url"] !== undefined;
}

/** What the pool asks of runs and tells them. */
export const RUN_WORK: WorkOwner = {
  async admit(env, { reference, id }) {
    const { runId, scope } = runReference.parse(reference);
    const found = await openRun(env, runId).read(scope);
    if (!found.ok || needsNoRunner(found.run, 1)) return undefined;
    const task = await findTaskOfRun(connect(env.DB), scope);
    if (!task) return undefined;
    const { RUN_TOKEN_PRIVATE_KEY: secrets, RUN_MAX_SECONDS, RUN_ARTIFACT_MAX_BYTES } = readConfig(env);
    const named = { runId, taskId: scope.taskId, projectNumber: scope.projectNumber };
    return {
      project_id: scope.projectNumber,
      task_id: scope.taskId,
      run_id: runId,
      attempt: Number(id.slice(id.lastIndexOf(".") + 1)),
      max_seconds: RUN_MAX_SECONDS,
      artifact_max_bytes: RUN_ARTIFACT_MAX_BYTES,
      agent_token: await signAgentToken(secrets, named),
      event_token: await signIngestToken(secrets, named),
      task,
      run: { branch: found.run.branch, state: found.run.state },
    };
  },

  async tell(env, { id, reference }, event) {
    const { instanceId } = runReference.parse(reference);
    const instance = await env.RUN_WORKFLOW.get(instanceId);
    await instance.sendEvent({ type: RUNNER_EVENT, payload: { workId: id, event } satisfies RunnerEvent });
  },
};

/** The reference of a run as it is now; the labels that its runner has to have stand in its state. */
export function referTo(run: RunRow): RunReference {
  const { id: runId, organizationId, projectNumber, taskId, updatedAt } = run;
  const labels = z.array(z.string()).safeParse(run.state["runner_labels"]);
  return {
    runId,
    scope: { organizationId, projectNumber, taskId },
    instanceId: `${runId}-${updatedAt}`,
    labels: labels.success ? labels.data : [],
  };
}

/** Starts the Workflow that finds a runner for the run; once, however often it is asked for in this state of the run. */
export async function startRunWorkflow(env: Cloudflare.Env, run: RunRow): Promise<void> {
  const reference = referTo(run);
  // Unlike `create`, this passes over an instance that is there already.
  await env.RUN_WORKFLOW.createBatch([{ id: reference.instanceId, params: reference }]);
}
