import type { RunGrant } from "./run-grant.ts";

/** Variables that programs need wherever they run. */
const ALWAYS_PASSED_ON = ["PATH", "HOME", "LANG", "TMPDIR", "TERM", "USER"];

/** Bytes of one variable: Linux starts no program with one of 128 KiB. All of a longer text is in the task's file. */
const MAX_VALUE_BYTES = 100_000;

/** Where an agent finds what belongs to its run. */
export interface AgentPlaces {
  /** The server's URL, and the path of the run in it. */
  url: string;
  path: string;
  taskFile: string;
  outputFolder: string;
}

/** The variables of an agent (docs/runner.md, "Runs"): those of its run, and `passedOn` of the runner's own. */
export function agentVariables(
  { project_id, task_id, run_id, agent_token, task, run, evaluation }: RunGrant,
  { url, path, taskFile, outputFolder }: AgentPlaces,
  passedOn: readonly string[],
): Record<string, string> {
  const texts = {
    TASKYARD_TITLE: task.title,
    TASKYARD_DESCRIPTION: task.description,
    TASKYARD_REPOSITORY: task.repository,
    TASKYARD_BRANCH: run.branch,
    TASKYARD_MESSAGE: run.state["pending_user_message"],
  };
  return {
    ...pick(process.env, [...ALWAYS_PASSED_ON, ...passedOn]),
    ...(evaluation && evaluationVariables(url, evaluation)),
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, toValue(text)])),
    TASKYARD_URL: url,
    TASKYARD_TOKEN: agent_token,
    TASKYARD_RUN_URL: url + path,
    TASKYARD_PROJECT_ID: String(project_id),
    TASKYARD_TASK_ID: task_id,
    TASKYARD_RUN_ID: run_id,
    TASKYARD_TASK_FILE: taskFile,
    TASKYARD_OUTPUT_FOLDER: outputFolder,
  };
}

/**
 * What the agent of an evaluation is told besides. What the evaluation asks for stands in variables of ours: as variables of
 * its own it could have the agent's shell or interpreter do anything on this machine.
 */
function evaluationVariables(
  url: string,
  { command, env, model, environment }: NonNullable<RunGrant["evaluation"]>,
): Record<string, string> {
  return {
    ...(command !== null && { TASKYARD_AGENT_COMMAND: toValue(command) }),
    TASKYARD_AGENT_ENV: toValue(JSON.stringify(env)),
    TASKYARD_MODEL: toValue(model),
    TASKYARD_ENVIRONMENT_URL: url + environment.path,
    TASKYARD_ENVIRONMENT_TOKEN: environment.token,
  };
}

/** As much of a text as a variable holds, which ends at the first NUL. */
function toValue(text: unknown): string {
  if (typeof text !== "string") return "";
  const [begin = ""] = text.split("\0", 1);
  const bytes = new TextEncoder().encode(begin).subarray(0, MAX_VALUE_BYTES);
  // Half a character at the end stays outside.
  return new TextDecoder().decode(bytes, { stream: true });
}

function pick(from: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}
