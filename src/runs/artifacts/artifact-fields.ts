import { z } from "@hono/zod-openapi";
import { describeExcess, maxBytesOf, type SizedFile } from "../../artifacts/file-limits.ts";
import type { Config } from "../../config.ts";
import {
  choiceField,
  integerField,
  listField,
  objectField,
  refuseField,
  textField,
} from "../../http/agent-api/agent-fields.ts";
import { ApiError } from "../../http/errors/error-table.ts";

/** What artifacts are (agent-tasks 7.1, all eras). */
const TYPES = [
  "plan",
  "context",
  "reference",
  "output",
  "artifact",
  "tree_snapshot",
  "user_attachment",
  "skill_bundle",
] as const;

const NAME_MAX_LENGTH = 255;
const SOURCE_MAX_LENGTH = 64;
const ID_MAX_LENGTH = 128;
/** Characters of a storage path (7.3). */
const PATH_MAX_LENGTH = 500;
/** Artifacts in one request: each is an R2 write, of which a request may make 1,000. */
const REQUEST_MAX_ARTIFACTS = 500;

/** What the metadata of a skill bundle has to say (7.2). */
const SKILL_METADATA = ["skill_name", "skill_source", "content_sha256", "schema_version"];

function issue(code: string, path: string, message: string) {
  return { code: "custom" as const, path: [path], message, params: { code } };
}

/** The name without the folders in front of it (7.1), and with U+FFFD for half a character, which no header can have. */
const baseName = textField({ required: true, max: NAME_MAX_LENGTH }).transform((name, context): string => {
  const base = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  return base === "" ? refuseField(context, "blank", "This field may not be blank.") : base;
});

/**
 * Text that is kept as it is: only its being there is asked for. It is UTF-8 where the body's reader has kept it so. A
 * number is its text, as everywhere (1.1 "Body").
 */
const content = z.unknown().transform((sent, context): Uint8Array => {
  const value = typeof sent === "number" ? String(sent) : sent;
  if (value === undefined) return refuseField(context, "required", "This field is required.");
  if (value === null) return refuseField(context, "null", "This field may not be null.");
  const isText = typeof value === "string";
  if (!isText && !(value instanceof Uint8Array)) return refuseField(context, "invalid_input", "Not a valid string.");
  const isBlank = isText ? value.trim() === "" : !value.some((byte) => byte > 0x20);
  if (isBlank) return refuseField(context, "blank", "This field may not be blank.");
  return isText ? new TextEncoder().encode(value) : value;
});

const described = {
  name: baseName,
  type: choiceField(TYPES, { required: true }),
  source: textField({ max: SOURCE_MAX_LENGTH, blank: true }),
  content_type: textField({ max: NAME_MAX_LENGTH, blank: true }),
};

/** A storage path as clients send it back (7.3). */
export const storagePath = textField({ required: true, max: PATH_MAX_LENGTH });

function isSkillMetadata(metadata: Record<string, unknown> | null | undefined): boolean {
  return (
    metadata?.["bundle_format"] === "zip" &&
    SKILL_METADATA.every((key) => metadata[key] !== undefined && metadata[key] !== null && metadata[key] !== "")
  );
}

function checkSkill(
  { type, metadata }: { type: string; metadata?: Record<string, unknown> | null | undefined },
  context: z.RefinementCtx,
): void {
  if (type !== "skill_bundle" || isSkillMetadata(metadata)) return;
  const needed = `A skill bundle needs bundle_format "zip", ${SKILL_METADATA.join(", ")}`;
  context.addIssue(issue("invalid_input", "metadata", needed));
}

const sentArtifact = z
  .object({
    ...described,
    content,
    content_encoding: choiceField(["utf-8", "base64"], {}),
    metadata: objectField({ nullable: true }),
  })
  .superRefine(checkSkill);

/** An artifact as it was sent; its content is not decoded. */
export type SentArtifact = z.output<typeof sentArtifact>;

const announcedArtifact = z
  .object({ ...described, size: integerField({ required: true, min: 1 }), metadata: objectField({ nullable: true }) })
  .superRefine(checkSkill);

/** An artifact that is going to be uploaded. */
export type AnnouncedArtifact = z.output<typeof announcedArtifact>;

const uploadedArtifact = z.object({
  ...described,
  id: textField({ required: true, max: ID_MAX_LENGTH }),
  storage_path: storagePath,
});

/** One item of a list; its refusals name the index and the field (1.3a "Nested attr"). */
function readItem<T>(schema: z.ZodType<T>) {
  return (value: unknown, context: z.RefinementCtx, index: number): T => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      const message = "Invalid data. Expected a dictionary.";
      context.addIssue({ ...issue("invalid_input", "", message), path: [index, "non_field_errors"] });
      return z.NEVER;
    }
    const { success, data, error } = schema.safeParse(value);
    if (success) return data;
    for (const { message, path, ...found } of error.issues) {
      const params = found.code === "custom" ? found.params : undefined;
      context.addIssue({ code: "custom", message, path: [index, ...path], params });
    }
    return z.NEVER;
  };
}

/** A body `{artifacts: […]}` with at least one item. */
function artifactList<T>(schema: z.ZodType<T>) {
  return z.object({
    artifacts: z
      .unknown()
      .superRefine((value, context) => {
        if (value === undefined || value === null || Array.isArray(value)) return;
        context.addIssue(issue("not_a_list", "non_field_errors", "Expected a list of items."));
      })
      .pipe(
        listField(
          { required: true, empty: "At least one artifact is required", max: REQUEST_MAX_ARTIFACTS },
          readItem(schema),
        ),
      )
      .openapi({ type: "array", items: {} }),
  });
}

/** The body of `POST …/artifacts` (7.2). */
export const newArtifacts = artifactList(sentArtifact);

/** The body of `prepare_upload` (7.4). */
export const announcedArtifacts = artifactList(announcedArtifact).openapi("AnnouncedArtifacts");

/** The body of `finalize_upload` (7.4). */
export const uploadedArtifacts = artifactList(uploadedArtifact).openapi("UploadedArtifacts");

/** Refuses announced sizes above the limits of this deployment, in the words of 7.2 and of 1.3a. */
export function checkSizes(config: Config, artifacts: readonly (SizedFile & { size: number })[]): void {
  for (const [index, artifact] of artifacts.entries()) {
    const limit = maxBytesOf(config, artifact);
    if (artifact.size <= limit) continue;
    const isAnyFile = limit === config.RUN_ARTIFACT_MAX_BYTES;
    const msg = isAnyFile ? `Ensure this value is less than or equal to ${limit}.` : describeExcess(artifact, limit);
    throw new ApiError("validation_failed", msg, {
      errors: [{ loc: ["body", "artifacts", index, "size"], msg, type: isAnyFile ? "max_value" : "invalid_input" }],
    });
  }
}
