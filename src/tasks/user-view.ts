import { z } from "@hono/zod-openapi";
import type { users } from "../db/schema.ts";

/** A user inside a task (agent-tasks 2.1 `created_by`). */
export const taskUser = z
  .object({
    id: z.int(),
    uuid: z.uuid(),
    distinct_id: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    email: z.string(),
    is_email_verified: z.boolean().nullable(),
    hedgehog_config: z.record(z.string(), z.unknown()).nullable(),
    role_at_organization: z.string().nullable(),
  })
  .openapi("AgentUser");

export const TASK_USER_EXAMPLE: z.output<typeof taskUser> = {
  id: 1,
  uuid: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
  distinct_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
  first_name: "Ada",
  last_name: "Lovelace",
  email: "ada@example.com",
  is_email_verified: null,
  hedgehog_config: null,
  role_at_organization: "owner",
};

/** The wire form of a user; the first word of the name is the first name, without a name it is the username. */
export function toTaskUser(row: typeof users.$inferSelect): z.output<typeof taskUser> {
  const [first = "", ...rest] = (row.name ?? row.username).split(" ");
  return {
    id: row.number,
    uuid: row.id,
    distinct_id: row.id,
    first_name: first,
    last_name: rest.join(" "),
    email: row.email,
    is_email_verified: null,
    hedgehog_config: null,
    role_at_organization: row.role,
  };
}
