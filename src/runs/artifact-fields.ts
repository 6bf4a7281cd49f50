import { z } from "@hono/zod-openapi";
import { choiceField, listField, objectField, refuseField, textField } from "../http/agent-fields.ts";

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

const MiB = 1024 * 1024;
/** Decoded bytes of one artifact, and of a PDF that a user attaches (7.2). */
const MAX_BYTES = 30 * MiB;
const PDF_ATTACHMENT_MAX_BYTES = 10 * MiB;
const NAME_MAX_LENGTH = 255;
const SOURCE_MAX_LENGTH = 64;
/** Artifacts in one request: each is an R2 write, of which a request may make 1,000. */
const REQUEST_MAX_ARTIFACTS = 500;

/** What the metadata of a skill bundle has to say (7.2). */
const SKILL_METADATA = ["skill_name", "skill_source", "content_sha256", "schema_version"];

function issue(code: string, path: string, message: string) {
  return { code: "custom" as const, path: [path], message, params: { code } };
}

/** The name without the folders in front of it (7.1). */
const baseName = textField({ required: true, max: NAME_MAX_LENGTH }).transform((name, context): string => {
  const base = name.split(/[/\\]/).at(-1) ?? "";
  return base === "" ? refuseField(context, "blank", "This field may not be blank.") : base;
});

/** Text that is kept as it is: only its being there is asked for. A number is its text, as everywhere (1.1 "Body"). */
const content = z.unknown().transform((sent, context): string => {
  const value = typeof sent === "number" ? String(sent) : sent;
  if (value === undefined) return refuseField(context, "required", "This field is required.");
  if (value === null) return refuseField(context, "null", "This field may not be null.");
  if (typeof value !== "string") return refuseField(context, "invalid_input", "Not a valid string.");
  return value.trim() === "" ? refuseField(context, "blank", "This field may not be blank.") : value;
});

const artifactFields = z.object({
  name: baseName,
  type: choiceField(TYPES, { required: true }),
  content,
  content_encoding: choiceField(["utf-8", "base64"], {}),
  content_type: textField({ max: NAME_MAX_LENGTH, blank: true }),
  source: textField({ max: SOURCE_MAX_LENGTH, blank: true }),
  metadata: objectField({ nullable: true }),
});

type ArtifactFields = z.output<typeof artifactFields>;

/** An artifact as it was sent, decoded. */
export interface SentArtifact extends Pick<ArtifactFields, "name" | "type" | "source" | "metadata"> {
  content_type: string;
  bytes: Uint8Array;
}

function decode({ content, content_encoding }: ArtifactFields): Uint8Array | undefined {
  if (content_encoding !== "base64") return new TextEncoder().encode(content);
  try {
    return Uint8Array.fromBase64(content);
  } catch {
    return undefined;
  }
}

function limitOf({ name, type, content_type = "" }: ArtifactFields): number {
  const isPdf = content_type.toLowerCase().startsWith("application/pdf") || name.toLowerCase().endsWith(".pdf");
  return type === "user_attachment" && isPdf ? PDF_ATTACHMENT_MAX_BYTES : MAX_BYTES;
}

function isSkillMetadata(metadata: ArtifactFields["metadata"]): boolean {
  return (
    metadata?.["bundle_format"] === "zip" &&
    SKILL_METADATA.every((key) => metadata[key] !== undefined && metadata[key] !== null && metadata[key] !== "")
  );
}

const sentArtifact = artifactFields.transform((fields, context): SentArtifact => {
  const bytes = decode(fields);
  const { name, type, content_type = "", source, metadata } = fields;
  if (!bytes) {
    context.addIssue(issue("invalid_input", "content", "Invalid base64 content"));
    return z.NEVER;
  }
  const limit = limitOf(fields);
  if (bytes.length > limit) {
    context.addIssue(issue("invalid_input", "content", `${name} exceeds the ${limit / MiB}MB attachment limit`));
  }
  if (type === "skill_bundle" && !isSkillMetadata(metadata)) {
    const needed = `A skill bundle needs bundle_format "zip", ${SKILL_METADATA.join(", ")}`;
    context.addIssue(issue("invalid_input", "metadata", needed));
  }
  return { name, type, source, metadata, content_type, bytes };
});

/** One item of the list; its refusals name the index and the field (1.3a "Nested attr"). */
function readArtifact(value: unknown, context: z.RefinementCtx, index: number): SentArtifact {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = "Invalid data. Expected a dictionary.";
    context.addIssue({ ...issue("invalid_input", "", message), path: [index, "non_field_errors"] });
    return z.NEVER;
  }
  const { success, data, error } = sentArtifact.safeParse(value);
  if (success) return data;
  for (const { message, path, ...found } of error.issues) {
    const params = found.code === "custom" ? found.params : undefined;
    context.addIssue({ code: "custom", message, path: [index, ...path], params });
  }
  return z.NEVER;
}

/** The body of `POST …/artifacts` (7.2). */
export const newArtifacts = z
  .object({
    artifacts: z
      .unknown()
      .superRefine((value, context) => {
        if (value === undefined || value === null || Array.isArray(value)) return;
        context.addIssue(issue("not_a_list", "non_field_errors", "Expected a list of items."));
      })
      .pipe(
        listField(
          { required: true, empty: "At least one artifact is required", max: REQUEST_MAX_ARTIFACTS },
          readArtifact,
        ),
      )
      .openapi({ type: "array", items: {} }),
  })
  .openapi("NewAgentRunArtifacts");
