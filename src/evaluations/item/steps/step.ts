import type { TaskContext } from "../../../environments/verification/published-files.ts";
import type { EnvironmentAccess, EnvironmentScope } from "../../../environments/object/environment-outcome.ts";
import { openEnvironment } from "../../../environments/object/environment-handle.ts";
import { openRun } from "../../../runs/access/run-handle.ts";
import type { RunScope } from "../../../runs/model/run-outcome.ts";
import { ItemMachine } from "../item-machine.ts";
import type { Outcome, Progress } from "../progress.ts";

/** What a step works with. */
export interface StepContext {
  env: Cloudflare.Env;
  progress: Progress;
  /** Stores what has changed before the step goes on. */
  commit: (change: Partial<Progress>) => Promise<void>;
  waitUntil: (work: Promise<unknown>) => void;
}

/** Does one step of a try, or goes on with it. What it throws is a failure of the server: it is begun again. */
export type StepWork = (context: StepContext) => Promise<Outcome>;

export function scopeOf({ plan }: Progress): EnvironmentScope {
  const { creator, workspaceKey, project } = plan;
  return { organizationId: creator.organizationId, workspace: workspaceKey, projectId: project.id };
}

/** The environment of the try and who may enter it; throws before there is one. */
export function environmentOf({ env, progress }: Pick<StepContext, "env" | "progress">) {
  const { environmentId } = progress.state;
  if (environmentId === null || progress.tokenHash === null) throw new Error("The try has no environment yet");
  const access: EnvironmentAccess = { ...scopeOf(progress), tokenHash: progress.tokenHash };
  return {
    id: environmentId,
    access,
    open: () => openEnvironment(env, environmentId),
    machine: new ItemMachine(env, environmentId, access),
  };
}

/** Why the environment of the try can be used no more; undefined while it can, and before there is one. */
export async function findLoss({ env, progress }: Pick<StepContext, "env" | "progress">): Promise<string | undefined> {
  const { environmentId } = progress.state;
  if (environmentId === null) return undefined;
  const seen = await openEnvironment(env, environmentId).read(scopeOf(progress));
  if (seen.ok && seen.row.endedAt === null) return undefined;
  return (seen.ok ? seen.row.error : null) ?? "The environment is gone.";
}

/** The run of the try; throws before there is one. */
export function runOf({ env, progress }: Pick<StepContext, "env" | "progress">) {
  const { runId } = progress.state;
  if (runId === null) throw new Error("The try has no run yet");
  const { creator, project, agentTaskId } = progress.plan;
  const scope: RunScope = {
    organizationId: creator.organizationId,
    projectNumber: project.number,
    taskId: agentTaskId,
  };
  return { id: runId, scope, open: () => openRun(env, runId) };
}

/** For whom the task's files are read. */
export function taskContextOf({ env, progress, waitUntil }: StepContext): TaskContext {
  return { env, caller: progress.plan.creator, waitUntil };
}

/** The task of the try as it was published. */
export function publishedTaskOf({ plan }: Progress) {
  const { organizationKey, name, version } = plan.task;
  return { taskOrganizationKey: organizationKey, taskName: name, taskVersion: version };
}
