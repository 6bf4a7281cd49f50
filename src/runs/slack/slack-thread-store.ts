import { and, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import { agentTasks, slackThreads } from "../../db/agent-schema.ts";
import type { Database } from "../../db/client.ts";
import type { RunScope } from "../model/run-outcome.ts";

/** A thread of Slack, as its API names it. */
export interface SlackThread {
  channel: string;
  /** `ts` of the thread's first message. */
  threadTs: string;
}

/** Stands for the whole task where a run's id would stand. */
export const WHOLE_TASK = "";

const SHOWN = { channel: slackThreads.channel, threadTs: slackThreads.threadTs };

function isTask({ organizationId, projectNumber, taskId }: RunScope) {
  return and(
    eq(agentTasks.id, taskId),
    eq(agentTasks.organizationId, organizationId),
    eq(agentTasks.projectNumber, projectNumber),
    isNull(agentTasks.deletedAt),
  );
}

/** The thread of a run, or of its task where the run has none. */
export async function findThreadOfRun(db: Database, scope: RunScope, runId: string): Promise<SlackThread | undefined> {
  return await selectThread(db, scope, [runId, WHOLE_TASK]);
}

/** The thread mapped to exactly a run, or to WHOLE_TASK. */
export async function findThread(db: Database, scope: RunScope, runId: string): Promise<SlackThread | undefined> {
  return await selectThread(db, scope, [runId]);
}

/** A run's own thread comes before the task's, whose `runId` is empty. */
async function selectThread(db: Database, scope: RunScope, runIds: string[]): Promise<SlackThread | undefined> {
  const [thread] = await db
    .select(SHOWN)
    .from(slackThreads)
    .innerJoin(agentTasks, eq(agentTasks.id, slackThreads.taskId))
    .where(and(isTask(scope), inArray(slackThreads.runId, runIds)))
    .orderBy(desc(slackThreads.runId))
    .limit(1);
  return thread;
}

/** Maps a run or WHOLE_TASK to a thread, in place of an earlier one. False when the task is not there. */
export async function saveThread(
  db: Database,
  scope: RunScope,
  runId: string,
  { channel, threadTs }: SlackThread,
  now: number,
): Promise<boolean> {
  const row = db
    .select({
      taskId: agentTasks.id,
      runId: sql<string>`${runId}`.as("run_id"),
      channel: sql<string>`${channel}`.as("channel"),
      threadTs: sql<string>`${threadTs}`.as("thread_ts"),
      createdAt: sql<number>`${now}`.as("created_at"),
    })
    .from(agentTasks)
    .where(isTask(scope));
  const saved = await db
    .insert(slackThreads)
    .select(row)
    .onConflictDoUpdate({ target: [slackThreads.taskId, slackThreads.runId], set: { channel, threadTs } })
    .returning({ taskId: slackThreads.taskId });
  return saved.length > 0;
}

/** Takes a mapping away. False when there is none. */
export async function removeThread(db: Database, scope: RunScope, runId: string): Promise<boolean> {
  const task = db.select({ id: agentTasks.id }).from(agentTasks).where(isTask(scope));
  const removed = await db
    .delete(slackThreads)
    .where(and(inArray(slackThreads.taskId, task), eq(slackThreads.runId, runId)))
    .returning({ taskId: slackThreads.taskId });
  return removed.length > 0;
}
