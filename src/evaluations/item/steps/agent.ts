import { v5 as nameUuid } from "uuid";
import { connect } from "../../../db/client.ts";
import { planSolution, type Solution } from "../../../environments/verification/solution.ts";
import { makeToken, unwrap } from "../../../environments/environment-access.ts";
import { hashText } from "../../../auth/text-hash.ts";
import { ApiError } from "../../../http/errors/error-table.ts";
import { askAgain } from "../../../objects/ask-again.ts";
import { findDetail } from "../../../registry/read/published-store.ts";
import { isTerminal } from "../../../runs/model/run-status.ts";
import type { RunOwner } from "../../../runs/model/run-owner.ts";
import { takeOutput } from "../agent-output.ts";
import { insideVariables } from "../agent-variables.ts";
import type { Outcome, Progress } from "../progress.ts";
import { workSeconds } from "./provision.ts";
import { environmentOf, publishedTaskOf, runOf, type StepContext, type StepWork, taskContextOf } from "./step.ts";

/** A try that ends before its agent begins. */
type Refusal = Extract<Outcome, { end: unknown }>;

/** How often an agent outside is looked after that nobody has told the end of, in milliseconds. */
const LOOK_MS = 30_000;

/** How long an environment lives on each time that it is to outlive the wait for a runner, in seconds. */
const WAIT_SECONDS = 300;

/** Makes the try's run, and starts its agent. */
export const startAgent: StepWork = async (context) => {
  const { env, progress } = context;
  const { plan, state } = progress;
  const { access, open, id: environmentId } = environmentOf(context);
  const { row } = unwrap(await open().read(access));
  const runId = state.runId ?? nameUuid(`run ${plan.tryNumber}`, plan.itemId);
  const { agent } = plan;
  const isOutside = agent.kind === "outside";
  // Stored first: a token that the environment has taken is the one that the run's agent gets.
  const agentToken = progress.agentToken ?? (isOutside ? makeToken() : null);
  await context.commit({ agentToken, state: { ...state, runId } });
  if (agentToken !== null) unwrap(await open().admit(access, await hashText(agentToken)));
  const { scope, open: openRun } = runOf({ env, progress: { ...progress, state: { ...state, runId } } });
  const init = {
    id: runId,
    status: isOutside ? ("queued" as const) : ("in_progress" as const),
    environment: "cloud" as const,
    stage: null,
    branch: null,
    errorMessage: null,
    output: null,
    state: {
      mode: "background",
      evaluation_id: plan.evaluationId,
      evaluation_item_id: plan.itemId,
      environment_id: environmentId,
      task_ref: plan.task.ref,
      model: plan.model,
      ...(row.instruction !== null && { pending_user_message: row.instruction }),
      ...(isOutside && { runner_labels: agent.labels }),
    },
    artifacts: [],
    createdBy: plan.creator.userNumber,
  };
  const owner = ownerOf(progress, environmentId, agentToken);
  const created = await openRun().create(scope, init, isOutside ? "start" : undefined, owner);
  if (!created.ok) return { end: "server_error", error: `The run could not be made: ${created.reason}.` };
  const begun = Date.now();
  return { next: "agent", state: { status: "agent_running", agentStartedAt: begun } };
};

function ownerOf({ plan }: Progress, environmentId: string, token: string | null): RunOwner {
  const { agent, creator, workspaceKey, itemId, model } = plan;
  const owner: RunOwner = { itemId };
  if (agent.kind !== "outside" || token === null) return owner;
  const { organizationId, organizationKey } = creator;
  return {
    ...owner,
    agent: {
      command: agent.command,
      env: agent.env,
      model,
      environment: { id: environmentId, organizationId, organizationKey, workspaceKey, token },
    },
  };
}

/** Has the agent work until its end, or until its time is up. */
export const runAgent: StepWork = async (context) => {
  const { kind } = context.progress.plan.agent;
  if (kind === "nop") return finish(context, { timedOut: false, failed: false, message: null });
  return kind === "outside" ? watchRun(context) : runCommand(context);
};

/** The command of an agent that works in the environment. */
async function runCommand(context: StepContext): Promise<Outcome> {
  const { progress } = context;
  const { plan } = progress;
  const { machine } = environmentOf(context);
  const commandId = nameUuid(`agent ${plan.tryNumber}`, plan.itemId);
  if (progress.agentDeadline === null) {
    const planned = await planCommand(context);
    if ("end" in planned) return planned;
    await planned.prepare?.(machine);
    await machine.start(commandId, planned.command);
    await context.commit({ agentDeadline: Date.now() + plan.task.agentSeconds * 1000 });
  }
  const ended = await takeOutput(context, commandId);
  if (ended === undefined) return { wait: 0 };
  if (ended.status === "lost") {
    return { end: "sandbox_lost", error: ended.reason ?? "The environment was lost while the agent worked in it." };
  }
  const timedOut = ended.status === "timed_out";
  const failed = !timedOut && (ended.status !== "exited" || ended.exit_code !== 0);
  const message = failed ? `The agent ended with exit code ${ended.exit_code ?? "none"}.` : null;
  return finish(context, { timedOut, failed, message });
}

/** What the agent is to do in the environment; or how the try ends, since it cannot. */
async function planCommand(context: StepContext): Promise<Solution | Refusal> {
  const { env, progress } = context;
  const { plan } = progress;
  const { agent, task } = plan;
  if (agent.kind === "inside") {
    const variables = await insideVariables(context);
    return {
      command: { command: agent.command, env: variables, timeout_sec: task.agentSeconds, separate_output: false },
    };
  }
  const reference = { org: task.organizationKey, name: task.name };
  const detail = await findDetail(connect(env.DB), plan.creator, reference, { version: task.version });
  if (!detail?.version) return { end: "archive_gone", error: `${task.ref} is not published any more.` };
  try {
    const published = publishedTaskOf(progress);
    return await planSolution(taskContextOf(context), published, detail.version, task.agentSeconds);
  } catch (error) {
    if (error instanceof ApiError && error.code === "invalid_request") {
      return { end: "provision_refused", error: error.message };
    }
    throw error;
  }
}

/** An agent outside: its run tells of its end, and is looked at now and then besides. */
async function watchRun(context: StepContext): Promise<Outcome> {
  const { progress } = context;
  const { plan, state, agentDeadline } = progress;
  const { scope, open } = runOf(context);
  const found = await askAgain(() => open().read(scope));
  if (!found.ok) return { end: "server_error", error: "The run is not there any more." };
  const { run } = found;
  if (isTerminal(run.status)) return endOfRun(context, run.status, run.errorMessage, run.state["failure"]);
  const environment = environmentOf(context);
  const seen = await askAgain(() => environment.open().read(environment.access));
  if (!seen.ok || seen.row.endedAt !== null) {
    const isLate = run.status === "queued" && seen.ok && seen.row.endReason === "expired";
    if (isLate) return { end: "no_runner", error: "No runner took the run while its environment lived." };
    return { end: "sandbox_lost", error: (seen.ok ? seen.row.error : null) ?? "The environment was lost." };
  }
  const now = Date.now();
  if (run.status === "queued") {
    // Whoever waits for a runner does not lose the time for the work itself.
    const needed = workSeconds(progress);
    if (seen.row.expiresAt.getTime() < now + needed * 1000) {
      await environment.open().extend(environment.access, needed + WAIT_SECONDS);
    }
    return { wait: LOOK_MS };
  }
  if (agentDeadline === null) {
    // The agent's time begins when a runner has it, and not while it waits for one.
    const deadline = now + plan.task.agentSeconds * 1000;
    return {
      wait: Math.min(LOOK_MS, deadline - now),
      change: { agentDeadline: deadline },
      state: { agentStartedAt: Math.max(now, state.agentStartedAt ?? 0) },
    };
  }
  if (now < agentDeadline) return { wait: Math.min(LOOK_MS, agentDeadline - now) };
  return finish(context, { timedOut: true, failed: false, message: null });
}

function endOfRun(
  context: StepContext,
  status: string,
  error: string | null,
  failure: unknown,
): Promise<Outcome> | Outcome {
  if (status === "completed") return finish(context, { timedOut: false, failed: false, message: null });
  if (failure === "runner") return { end: "runner_lost", error };
  if (failure === "queue") return { end: "no_runner", error };
  const timedOut = failure === "time";
  return finish(context, { timedOut, failed: !timedOut, message: error ?? `The run is ${status}.` });
}

/** The agent is through: its run ends, and it enters the environment no more. */
async function finish(context: StepContext, agentEnd: NonNullable<Progress["agentEnd"]>): Promise<Outcome> {
  const { plan } = context.progress;
  const { scope, open } = runOf(context);
  const { timedOut, failed, message } = agentEnd;
  const errorMessage = timedOut ? `The agent's time was up after ${plan.task.agentSeconds} seconds.` : message;
  const change = { status: timedOut || failed ? ("failed" as const) : ("completed" as const), errorMessage };
  await open().change(scope, change, ["not_started", "queued", "in_progress"]);
  if (plan.agent.kind === "outside") {
    const environment = environmentOf(context);
    await environment.open().keepToken(environment.access);
  }
  return {
    next: "measure",
    change: { agentEnd },
    state: { status: "agent_finished", agentFinishedAt: Date.now() },
  };
}
