import type { RunRow } from "../tasks/run-view.ts";

/** Keys of what runs have in the bucket ARTIFACTS (agent-tasks 5.2, 7.1). None is used twice. */

type RunPlace = Pick<RunRow, "projectNumber" | "taskId" | "id">;

const placeOf = ({ projectNumber, taskId, id }: RunPlace) => `team_${projectNumber}/task_${taskId}/run_${id}`;

/** An artifact's `storage_path`; `id` is its own. */
export function artifactKey(run: RunPlace, id: string, name: string): string {
  return `tasks/artifacts/${placeOf(run)}/${id.slice(0, 8)}_${name}`;
}

/** What the keys of a run's archived journal begin with; each goes on with a name of its own. */
export function journalPrefix(run: RunPlace): string {
  return `tasks/logs/${placeOf(run)}`;
}
