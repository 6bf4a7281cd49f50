import type { AppContext } from "../http/context.ts";
import { logUrlSigner } from "./log-links.ts";
import { task, TASK_EXAMPLE, type WireTask } from "./task-schema.ts";
import { type TaskRow, toTask } from "./task-view.ts";

/** An answer that is a task (agent-tasks 2.1). */
export function taskAnswer(description: string) {
  return { description, content: { "application/json": { schema: task, example: TASK_EXAMPLE } } } as const;
}

/** A task as the client of this request sees it. */
export function showTask(c: AppContext, row: TaskRow): Promise<WireTask> {
  return toTask(row, logUrlSigner(c));
}
