import { z } from "@hono/zod-openapi";
import { exactVersion, taskPath } from "../registry-schemas.ts";
import { DIGEST } from "./manifest-body.ts";

/**
 * The same operations at two places: below `/api/v1`, where the command line pushes tasks (contract A4), with the errors
 * of the registry; and below `/v2`, where every container tool looks for a registry, with the errors that those read.
 */

/** Where a set of operations lies, and how they are named in the document. */
export interface Place {
  /** In front of the organization. */
  prefix: "/api/v1" | "/v2";
  tag: "OCI push" | "OCI registry";
  /** An operation's id, of its name in camel case. */
  idOf: (name: string) => string;
}

export const PLACES: readonly Place[] = [
  { prefix: "/api/v1", tag: "OCI push", idOf: (name) => name },
  { prefix: "/v2", tag: "OCI registry", idOf: (name) => `oci${name.charAt(0).toUpperCase()}${name.slice(1)}` },
];

const EXAMPLE_DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

export const digest = z
  .string()
  .regex(DIGEST, "must be sha256: and 64 hex digits in lower case")
  .openapi({ example: EXAMPLE_DIGEST, description: "Digest of the bytes; SHA-256 is the one algorithm that is taken" });

export const uploadPath = taskPath.extend({
  upload_id: z
    .string()
    .min(1)
    .max(64)
    .openapi({ example: "0190b5a4-9d10-7000-8000-5d0c6f0e1b22", description: "Upload id" }),
});

/** A version by which a manifest is pushed. */
export const pushReference = exactVersion.openapi({ example: "1.2.0", description: "Version, MAJOR.MINOR.PATCH" });

/** How a manifest is pulled: by version, as `latest`, or by its digest. */
export const pullReference = z.union([exactVersion, z.literal("latest"), digest]).openapi({
  type: "string",
  example: "1.2.0",
  description: "Version (MAJOR.MINOR.PATCH or latest), or the manifest's digest",
});

/** A task's name, in a query as container tools have it: with its organization. */
export const repository = z
  .string()
  .max(255)
  .openapi({ example: "acme/log-triage", description: "Where the blob is known to be; blobs are the organization's" });

export const tagList = z
  .object({ name: z.string().openapi({ example: "acme/log-triage" }), tags: z.array(taskVersion()) })
  .openapi("OciTagList");

function taskVersion() {
  return z.string().openapi({ example: "1.2.0", description: "A version that was pushed this way" });
}

export const TAGS_PAGE = z.object({
  n: z.coerce
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(1000)
    .openapi({ example: 100, description: "Tags at most; there are more where `Link` leads on" }),
  last: z.string().max(64).default("").openapi({ example: "1.0.0", description: "The tag behind which to go on" }),
});

export const blobPath = taskPath.extend({ digest });
export const organizationBlobPath = taskPath.omit({ name: true }).extend({ digest });

const text = (description: string) => ({ schema: { type: "string" as const }, description });

export const HEADERS = {
  location: text("Where to go on, below this server's root"),
  digest: text("Digest of the bytes"),
  upload: text("The upload's id"),
  range: text("`0-` and the last byte that has arrived; `0-0` also where none has"),
};

export const bytes = { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } };

/** A body that is taken as it comes. */
export const chunk = {
  content: { "application/octet-stream": { schema: { type: "string" as const, format: "binary" } } },
  required: false,
};
