import { type AgentRun, type AgentTask, getAgentRun, getAgentTask, items, listAgentTasks } from "../../client/index.ts";
import { EXIT, Failure } from "../base/failure.ts";
import type { Session } from "../base/session.ts";
import { UUID } from "../base/words.ts";

/** A run with what names it. */
export interface FoundRun {
  task: AgentTask;
  run: NonNullable<AgentRun>;
  path: { task_id: string; run_id: string };
}

/** The run that is meant: `TASK`, whose latest it is, `TASK/RUN-ID`, or `latest`. */
export async function findRun({ client }: Session, reference: string, signal: AbortSignal): Promise<FoundRun> {
  const [taskText = "", runId] = reference.split("/", 2);
  const task = await findTask({ client }, taskText, signal);
  const run =
    runId === undefined
      ? task.latest_run
      : await getAgentRun(client, { path: { task_id: task.id, run_id: runId }, signal });
  if (!run)
    throw new Failure(
      EXIT.notFound,
      `${task.slug} has no run yet.`,
      `Start one: taskyard api POST /api/projects/@current/tasks/${task.id}/run`,
    );
  return { task, run, path: { task_id: task.id, run_id: run.id } };
}

const LATEST = { limit: 1, ordering: "-last_activity_at" } as const;

/** The agent task that is meant: an id, a slug such as `DEF-12`, or `latest`. */
export async function findTask(
  { client }: Pick<Session, "client">,
  reference: string,
  signal: AbortSignal,
): Promise<AgentTask> {
  if (UUID.test(reference)) return await getAgentTask(client, { path: { task_id: reference }, signal });
  const number = /-(\d+)$/.exec(reference)?.[1];
  const wanted = reference.toUpperCase();
  const isLatest = reference === "latest";
  if (isLatest || number !== undefined) {
    const query = { internal: "all", archived: "all", ...(isLatest ? LATEST : { search: number ?? "" }) } as const;
    for await (const task of items(client, listAgentTasks, { query, signal })) {
      if (isLatest || task.slug.toUpperCase() === wanted) return task;
    }
  }
  throw new Failure(EXIT.notFound, `There is no agent task ${reference}.`, "See what there is: taskyard run list");
}
