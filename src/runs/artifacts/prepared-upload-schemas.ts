import { z } from "@hono/zod-openapi";
import { MANIFEST_ITEM_EXAMPLE, manifestItem } from "../../artifacts/artifact-manifest-schema.ts";
import { announcedArtifacts, uploadedArtifacts } from "./artifact-fields.ts";

/** How uploads are prepared and finalized, of runs and of tasks alike (agent-tasks 7.4). */

const { id, name, type, size, content_type, storage_path } = MANIFEST_ITEM_EXAMPLE;

const preparedUpload = z
  .object({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    source: z.string(),
    size: z.int(),
    content_type: z.string(),
    storage_path: z.string(),
    expires_in: z.int().openapi({ description: "Seconds that the form is good for" }),
    presigned_post: z.object({
      url: z.url(),
      fields: z
        .record(z.string(), z.string())
        .openapi({ description: "Sent in front of the file, each as it is; the file's field is `file`" }),
    }),
  })
  .openapi("PreparedArtifactUpload");

/** The body of `prepare_upload`. */
export const prepareBody = {
  required: true,
  content: {
    "application/json": {
      schema: announcedArtifacts,
      example: { artifacts: [{ name, type, size, content_type }] },
    },
  },
} as const;

/** What `prepare_upload` answers. */
export const preparedAnswer = {
  description: "Forms to post the bytes with",
  content: {
    "application/json": {
      schema: z.object({ artifacts: z.array(preparedUpload) }).openapi("PreparedArtifactUploads"),
      example: {
        artifacts: [
          {
            id,
            name,
            type,
            source: "",
            size,
            content_type,
            storage_path,
            expires_in: 3600,
            presigned_post: {
              url: "https://taskyard.example/api/projects/1/artifact_uploads",
              fields: {
                key: storage_path,
                content_type,
                size: "7",
                expires: "1793525400",
                kid: "2026-11",
                signature: "wX3k",
              },
            },
          },
        ],
      },
    },
  },
} as const;

/** The body of `finalize_upload`. */
export const finalizeBody = {
  required: true,
  content: {
    "application/json": {
      schema: uploadedArtifacts,
      example: { artifacts: [{ id, name, type, storage_path, content_type }] },
    },
  },
} as const;

/** An answer of manifest items. */
export function itemsAnswer(description: string) {
  return {
    description,
    content: {
      "application/json": {
        schema: z.object({ artifacts: z.array(manifestItem) }).openapi("AgentRunManifest"),
        example: { artifacts: [MANIFEST_ITEM_EXAMPLE] },
      },
    },
  } as const;
}
