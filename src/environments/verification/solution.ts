import type { HarborSettings } from "../../db/harbor-settings.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { resolveInside } from "../../compose/archive-path.ts";
import { type CheckCommand, type Machine, variablesOf } from "./check.ts";
import { PublishedFiles, type PublishedTask, type TaskContext } from "./published-files.ts";

/** Where Harbor's solutions are copied (evaluations 3): for the `oracle` agent alone. */
const SOLUTION = "/solution";
const SOLUTION_FOLDER = "solution/";

/** Bytes of a solution's script at most. */
const SCRIPT_MAX_BYTES = 100_000;

/** How a task's own solution is carried out: what is done before, and the command. */
export interface Solution {
  prepare?: (machine: Machine) => Promise<void>;
  command: CheckCommand;
}

/** What a version says of its solution. */
export interface SolvedVersion {
  solution: { script: string } | null;
  harbor: HarborSettings | null;
}

/**
 * The solution as it was published: of Harbor's tasks `solution/` with its `solve.sh`, else the file or the commands of
 * task.yaml. `seconds` is how long it may take. Throws `invalid_request` for a task without one.
 */
export async function planSolution(
  context: TaskContext,
  task: PublishedTask,
  { solution, harbor }: SolvedVersion,
  seconds: number,
): Promise<Solution> {
  if (harbor) {
    const prepare = async (machine: Machine) => {
      const files = await PublishedFiles.open(context, task);
      await files.copy(SOLUTION_FOLDER, machine, SOLUTION);
    };
    const command = `chmod -R +x ${SOLUTION}; bash ${SOLUTION}/solve.sh`;
    return { prepare, command: { ...toCommand(command, {}, seconds), ...variablesOf(harbor.solution.env) } };
  }
  if (solution === null) throw new ApiError("invalid_request", "The task has no solution for the oracle to carry out.");
  const files = await PublishedFiles.open(context, task);
  const name = resolveInside("", solution.script) ?? solution.script;
  const script = (await files.readText(name, SCRIPT_MAX_BYTES)) ?? solution.script;
  return { command: toCommand('bash -c "$SOLUTION_SCRIPT"', { SOLUTION_SCRIPT: script }, seconds) };
}

function toCommand(command: string, env: Record<string, string>, seconds: number): CheckCommand {
  return { command, env, timeout_sec: seconds, separate_output: false };
}
