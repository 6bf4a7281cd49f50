import { z } from "@hono/zod-openapi";
import { RUN_EXAMPLE } from "../runs/model/run-schema.ts";

/** The path of a project as agent clients know it, of its tasks, and of one task. */
export const PROJECT_PATH = "/api/projects/{project_id}";
export const TASKS_PATH = `${PROJECT_PATH}/tasks` as const;
export const TASK_PATH = `${TASKS_PATH}/{task_id}` as const;

/** The parameters of TASKS_PATH. */
export const tasksPath = z.object({
  project_id: z.string().openapi({ example: "@current", description: "The project's number or id, or `@current`" }),
});

/** The parameters of TASK_PATH. */
export const taskPath = tasksPath.extend({ task_id: z.string().openapi({ example: RUN_EXAMPLE.task }) });
