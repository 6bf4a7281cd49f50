import { z } from "@hono/zod-openapi";
import { description, identifier, organizationPath, timestamp } from "../admin/fields.ts";
import { pageFields } from "../http/paging.ts";
import { closedObject } from "../http/unknown-fields.ts";
import { MASK_MIN_BYTES } from "../sandbox/secret-mask.ts";
import type { SecretRow } from "./secret-store.ts";

const NAME_MAX_LENGTH = 128;
/** A variable has less than 128 KiB on Linux, and an environment gets several. */
const VALUE_MAX_BYTES = 32_768;

/** Variables that are the sandbox's own or the shell's: a secret of such a name would not arrive. */
const TAKEN =
  /^(?:TASKYARD_.*|BASH.*|PATH|HOME|USER|LANG|PWD|OLDPWD|IFS|UID|EUID|PPID|SHELLOPTS|TASK_ROOT|TASK_DIR|LD_PRELOAD)$/;

const bytesOf = (text: string) => new TextEncoder().encode(text).byteLength;

const secretName = z
  .string()
  .max(NAME_MAX_LENGTH)
  .regex(/^[A-Za-z_]\w*$/, "Use letters, digits and underscores, and begin with no digit: it becomes a variable's name")
  .refine((name) => !TAKEN.test(name), "This variable is the sandbox's own")
  .openapi({ example: "API_TOKEN", description: "The variable that holds the value; unique, never changes" });

const value = z
  .string()
  .refine((text) => text.isWellFormed() && !text.includes("\0"), "Holds what no variable can: NUL, or half a character")
  .refine(
    (text) => bytesOf(text.trim()) >= MASK_MIN_BYTES,
    `Has less than ${MASK_MIN_BYTES} bytes: what is so short cannot be masked in output`,
  )
  .refine((text) => bytesOf(text) <= VALUE_MAX_BYTES, `Has more than ${VALUE_MAX_BYTES} bytes`)
  .openapi({ example: "correct-horse-battery-staple", description: "8 to 32,768 bytes. It is never shown again" });

export const newSecret = closedObject({ name: secretName, value, description }).openapi("NewSecret");

/** What PATCH changes of a secret; an absent field stays. */
export const secretChange = closedObject({ value: value.optional(), description }).openapi("SecretChange");

/** A secret as everybody sees it: never its value. */
export const secret = z
  .object({
    id: identifier,
    name: z.string(),
    description: z.string().nullable(),
    created_by: identifier.nullable(),
    created_at: timestamp,
    updated_at: timestamp,
    last_used_at: timestamp.nullable().openapi({ description: "When an environment got it last" }),
  })
  .openapi("Secret");

export const SECRET_EXAMPLE: z.output<typeof secret> = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be401",
  name: "API_TOKEN",
  description: "Of the model provider",
  created_by: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be002",
  created_at: "2026-11-01T09:30:00.000Z",
  updated_at: "2026-11-01T09:30:00.000Z",
  last_used_at: null,
};

export const secretList = z.object({ secrets: z.array(secret), ...pageFields }).openapi("SecretList");

export const secretPath = organizationPath.extend({
  secret: z.string().openapi({ example: SECRET_EXAMPLE.name, description: "Name or id of the secret" }),
});

/** The wire form of a secret. */
export function toSecret(row: SecretRow): z.output<typeof secret> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
  };
}
