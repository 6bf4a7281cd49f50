import { z } from "@hono/zod-openapi";
import { closedObject } from "../http/unknown-fields.ts";

/** A slug is one DNS label at most, so that it may become a host name or a path segment anywhere. */
const SLUG_MAX_LENGTH = 63;
const NAME_MAX_LENGTH = 200;
const DESCRIPTION_MAX_LENGTH = 2_000;
/** RFC 5321: the longest address that mail can be sent to. */
const EMAIL_MAX_LENGTH = 254;
const USERNAME_MAX_LENGTH = 64;

/** First path segments of this and other servers: as an organization they would be mistaken for them (A4). */
const RESERVED_ORGANIZATION_KEYS: ReadonlySet<string> = new Set([
  "admin",
  "api",
  "api-keys",
  "assets",
  "auth",
  "blobs",
  "console",
  "core",
  "docs",
  "environments",
  "files",
  "health",
  "inference",
  "latest",
  "login",
  "logout",
  "manifests",
  "me",
  "org",
  "organizations",
  "orgs",
  "projects",
  "public",
  "self",
  "static",
  "status",
  "system",
  "tasks",
  "training",
  "user",
  "users",
  "v1",
  "v2",
  "workspaces",
  "ws",
]);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DIGITS = /^\d{1,15}$/;

/** How a path names a workspace or project: by UUID, by number (projects), or by key. */
export type Reference = { id: string } | { number: number } | { key: string };

/** Reads a path segment as a reference. Keys are never shaped like a UUID or a number, so each has one meaning. */
export function parseReference(segment: string): Reference {
  if (UUID.test(segment)) return { id: segment.toLowerCase() };
  if (DIGITS.test(segment)) return { number: Number(segment) };
  return { key: segment };
}

const slug = z
  .string()
  .trim()
  .max(SLUG_MAX_LENGTH)
  .regex(/^[a-z0-9][a-z0-9-]*$/, "Use lower-case letters, digits and dashes; begin with a letter or digit");

/** The key of a new organization. */
export const organizationKey = slug
  .refine((key) => !RESERVED_ORGANIZATION_KEYS.has(key), "This key is reserved")
  .openapi({ example: "acme", description: "Slug in paths; unique in the deployment, never changes" });

/** The key of a new workspace or project. */
export const memberKey = slug
  .refine((key) => !UUID.test(key) && !/^\d+$/.test(key), "A key may not look like a UUID or a number")
  .openapi({ example: "red-team", description: "Slug in paths; never changes" });

export const displayName = z.string().trim().min(1).max(NAME_MAX_LENGTH).openapi({ example: "Acme" });

export const description = z
  .string()
  .trim()
  .max(DESCRIPTION_MAX_LENGTH)
  .nullish()
  .openapi({ example: "Evaluations of the red team" });

/** What PATCH changes of an organization, a workspace or a project; an absent field stays, a null one is cleared. */
export const nameChange = closedObject({ name: displayName.optional(), description }).openapi("NameChange");

export type NameChange = z.output<typeof nameChange>;

export const username = z
  .string()
  .trim()
  .max(USERNAME_MAX_LENGTH)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "Use letters, digits, dots, dashes and underscores")
  .openapi({ example: "ada" });

/** Compared without regard to case, as people expect of addresses: kept in lower case. */
export const emailAddress = z
  .string()
  .trim()
  .toLowerCase()
  .max(EMAIL_MAX_LENGTH)
  .regex(z.regexes.email, "Not an e-mail address")
  .openapi({ example: "ada@example.com" });

/** An instant to come, in ISO 8601 with its offset. */
export const expiry = z.iso
  .datetime({ offset: true })
  .refine((text) => Date.parse(text) > Date.now(), "Lies in the past")
  .nullish()
  .openapi({ example: "2099-01-01T00:00:00Z", description: "When the key stops working; null for never" });

/** A timestamp of an answer. */
export const timestamp = z.iso.datetime().openapi({ example: "2026-11-01T09:30:00.000Z" });

export const identifier = z.uuid().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be001" });

/** `{org}` in a path. */
export const organizationPath = z.object({
  org: z.string().openapi({ example: "acme", description: "Key of the organization" }),
});

/** `{org}` and `{ws}` in a path. */
export const workspacePath = organizationPath.extend({
  ws: z.string().openapi({ example: "main", description: "Key or UUID of the workspace" }),
});

/** `{org}`, `{ws}` and `{project}` in a path. */
export const projectPath = workspacePath.extend({
  project: z.string().openapi({ example: "default", description: "Key, UUID or number of the project" }),
});
