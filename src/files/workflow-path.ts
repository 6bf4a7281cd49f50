import { z } from "@hono/zod-openapi";

/** The paths of a workflow task and of a file (seed 003). */
export const TASK_PATH = "/tasks/{task_id}";
export const FILE_PATH = "/files/{file_id}";

/** The parameters of TASK_PATH. */
export const taskPath = z.object({
  task_id: z.coerce
    .number("Not an integer")
    .int("Not an integer")
    .positive()
    .openapi({ type: "integer", example: 12345, description: "Unique identifier for the task" }),
});

/** The parameters of FILE_PATH. */
export const filePath = z.object({
  file_id: z.string().openapi({ example: "document_789", description: "`document_{n}` or `attachment_{n}`" }),
});

/** Characters of an address (RFC 5321). */
const EMAIL_MAX_LENGTH = 254;

/** For whom a client acts; kept as it is sent. */
export const userEmail = z
  .string()
  .trim()
  .max(EMAIL_MAX_LENGTH)
  .regex(z.regexes.email, "Not an e-mail address")
  .nullish()
  .openapi({ example: "ada@example.com", description: "For whom the client acts: kept for audits" });
