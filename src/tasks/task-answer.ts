import type { AppContext } from "../http/context.ts";
import type { ErrorCode } from "../http/errors.ts";
import { logUrlSigner } from "./log-links.ts";
import { task, TASK_EXAMPLE, type WireTask } from "./task-schema.ts";
import { type TaskRow, toTask } from "./task-view.ts";

/** How a task's JSON body fails before a route sees it. */
export const TASK_BODY_ERRORS = [
  "malformed_json",
  "unsupported_media_type",
  "body_too_large",
  "validation_failed",
] as const satisfies readonly ErrorCode[];

/** An answer that is a task (agent-tasks 2.1). */
export function taskAnswer(description: string) {
  return { description, content: { "application/json": { schema: task, example: TASK_EXAMPLE } } } as const;
}

/** A task as the client of this request sees it. */
export function showTask(c: AppContext, row: TaskRow): Promise<WireTask> {
  return toTask(row, logUrlSigner(c));
}
