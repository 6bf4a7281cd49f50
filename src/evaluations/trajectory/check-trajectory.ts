import { type Trajectory, trajectory, type TrajectoryStep } from "./atif-schema.ts";

/** Bytes of a trajectory.json that is looked into: parsed it takes several times as much memory. */
export const TRAJECTORY_MAX_BYTES = 8 * 1024 * 1024;

/** Problems that are told; the rest is counted. */
const MAX_PROBLEMS = 20;

/** A trajectory that may be served and counted from, or what is wrong with it, each with its place. */
export type CheckedTrajectory = { ok: true; trajectory: Trajectory } | { ok: false; problems: string[] };

/** Fields of a step that say something about a model, which only an agent's step has one of. */
const AGENT_ONLY = ["model_name", "reasoning_effort", "reasoning_content", "tool_calls", "metrics"];

/**
 * Checks what an agent has left as `/logs/agent/trajectory.json`: its size, that it is JSON of ATIF's shape, that steps
 * are numbered from 1 without a gap, and that observations are of calls of their own step, as Harbor's validator does.
 */
export function checkTrajectory(bytes: Uint8Array): CheckedTrajectory {
  if (bytes.length > TRAJECTORY_MAX_BYTES) return refuse([`It is larger than ${TRAJECTORY_MAX_BYTES} bytes.`]);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return refuse(["It is no JSON."]);
  }
  const parsed = trajectory.safeParse(value);
  if (!parsed.success) {
    return refuse(parsed.error.issues.map(({ path, message }) => `${path.join(".") || "It"}: ${message}`));
  }
  const problems = parsed.data.steps.flatMap((step, index) => problemsOf(step, index));
  return problems.length === 0 ? { ok: true, trajectory: parsed.data } : refuse(problems);
}

function refuse(problems: string[]): CheckedTrajectory {
  const more = problems.length - MAX_PROBLEMS;
  return {
    ok: false,
    problems: more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `There are ${more} more problems.`] : problems,
  };
}

function problemsOf(step: TrajectoryStep, index: number): string[] {
  const problems: string[] = [];
  const place = `steps.${index}`;
  if (step.step_id !== index + 1) problems.push(`${place}.step_id: is ${step.step_id} and must be ${index + 1}`);
  if (typeof step.timestamp === "string" && Number.isNaN(Date.parse(step.timestamp))) {
    problems.push(`${place}.timestamp: must be an ISO 8601 time`);
  }
  if (step.source !== "agent") {
    for (const key of AGENT_ONLY) {
      if ((step[key] ?? null) !== null) problems.push(`${place}.${key}: only a step of the agent has it`);
    }
  }
  const calls = new Set(step.tool_calls?.map((call) => call.tool_call_id));
  for (const [at, { source_call_id: id }] of (step.observation?.results ?? []).entries()) {
    if (typeof id !== "string" || calls.has(id)) continue;
    problems.push(`${place}.observation.results.${at}.source_call_id: the step has no such tool call`);
  }
  return problems;
}
