import { signAgentToken, signIngestToken } from "../../auth/run-tokens.ts";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import type { WorkOwner } from "../../pool/work.ts";
import { openRun } from "../access/run-handle.ts";
import { findTaskOfRun } from "../access/run-store.ts";
import type { OwnedAgent } from "../model/run-owner.ts";
import { attemptOf, runReference } from "./run-reference.ts";

/** What the pool asks of runs and tells them: the run's object decides (dispatch-table.ts). */
export const RUN_WORK: WorkOwner = {
  async admit(env, work) {
    const { runId, scope } = runReference.parse(work.reference);
    const attempt = attemptOf(work);
    const task = await findTaskOfRun(connect(env.DB), scope);
    if (!task) return undefined;
    const admitted = await openRun(env, runId).admit(scope, attempt);
    if (!admitted.ok || !admitted.isAdmitted) return undefined;
    const { RUN_TOKEN_PRIVATE_KEY: secrets, RUN_MAX_SECONDS, RUN_ARTIFACT_MAX_BYTES } = readConfig(env);
    const named = { runId, taskId: scope.taskId, projectNumber: scope.projectNumber };
    return {
      project_id: scope.projectNumber,
      task_id: scope.taskId,
      run_id: runId,
      attempt,
      max_seconds: RUN_MAX_SECONDS,
      artifact_max_bytes: RUN_ARTIFACT_MAX_BYTES,
      agent_token: await signAgentToken(secrets, named, admitted.agent?.environment),
      event_token: await signIngestToken(secrets, named),
      task,
      run: { branch: admitted.run.branch, state: admitted.run.state },
      ...(admitted.agent && {
        evaluation: { ...admitted.agent, environment: environmentOf(admitted.agent) },
      }),
    };
  },

  async tell(env, work, event) {
    const { runId, scope } = runReference.parse(work.reference);
    await openRun(env, runId).hear(scope, attemptOf(work), event);
  },
};

/** Where the agent of an evaluation finds its environment, and what opens it. */
function environmentOf({ environment: { id, organizationKey, workspaceKey, token } }: OwnedAgent) {
  return { path: `/api/v1/org/${organizationKey}/ws/${workspaceKey}/environments/${id}`, token };
}
