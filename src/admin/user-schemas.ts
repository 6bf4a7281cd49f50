import { z } from "@hono/zod-openapi";
import type { users } from "../db/schema.ts";
import { pageFields } from "../http/paging.ts";
import { closedObject } from "../http/unknown-fields.ts";
import { displayName, emailAddress, identifier, organizationPath, timestamp, username } from "./fields.ts";

/** Roles as A1 names them. They tell who somebody is; what a request may do is told by its key's scopes. */
export const ROLES = ["owner", "contributor", "reader"] as const;

const role = z.enum(ROLES).openapi({ example: "contributor" });

/** A member of an organization. */
export const user = z
  .object({
    id: identifier,
    email_address: z.string(),
    username: z.string(),
    name: z.string().nullable(),
    full_name: z.string().nullable().openapi({ description: "The same as `name`, as published clients call it" }),
    role,
    org_id: identifier,
    joined_at: timestamp,
    created_at: timestamp,
    updated_at: timestamp,
  })
  .openapi("User");

export const USER_EXAMPLE: z.input<typeof user> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
  email_address: "ada@example.com",
  username: "ada",
  name: "Ada",
  full_name: "Ada",
  role: "owner",
  org_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001",
  joined_at: "2026-11-01T09:30:00.000Z",
  created_at: "2026-11-01T09:30:00.000Z",
  updated_at: "2026-11-01T09:30:00.000Z",
};

export const userList = z.object({ users: z.array(user), ...pageFields }).openapi("UserList");

export const newUser = closedObject({
  email: emailAddress,
  username,
  name: displayName.nullish().openapi({ example: "Ada" }),
  role: role.default("contributor"),
}).openapi("NewUser");

export const userChange = closedObject({
  name: displayName.nullish().openapi({ example: "Ada" }),
  role: role.optional(),
}).openapi("UserChange");

export const userPath = organizationPath.extend({
  user_id: identifier.openapi({ description: "Id of the user" }),
});

/** The wire form of a user. */
export function toUser(row: typeof users.$inferSelect): z.output<typeof user> {
  return {
    id: row.id,
    email_address: row.email,
    username: row.username,
    name: row.name,
    full_name: row.name,
    role: row.role,
    org_id: row.organizationId,
    joined_at: row.createdAt.toISOString(),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
