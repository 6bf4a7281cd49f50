import { z } from "@hono/zod-openapi";
import type { AppContext } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { checkBody } from "../http/validation.ts";
import { decodeBase64 } from "../runs/artifacts/artifact-content.ts";
import { isObject } from "../json-bytes/json-extents.ts";
import { parseLifted } from "../json-bytes/lifted-json.ts";

/** The field that holds a file's bytes in base64; other pages of the contract name it `base64_content`. */
const CONTENT_FIELD = "file_content_base64";

/** A file's bytes. The body's reader keeps a long text as bytes, so that it is never held twice as characters. */
export const fileContent = z.union([z.string(), z.instanceof(Uint8Array)]).transform((sent, context): Uint8Array => {
  const bytes = decodeBase64(typeof sent === "string" ? new TextEncoder().encode(sent) : sent);
  if (bytes && bytes.length > 0) return bytes;
  context.addIssue({ code: "custom", message: bytes ? "The file is empty" : "Invalid base64 content" });
  return z.NEVER;
});

/** How the document shows a body that is read by `readFileBody`. */
export function fileBody(properties: Record<string, object>, required: string[], example: object) {
  return {
    required: true,
    content: { "application/json": { schema: { type: "object" as const, required, properties }, example } },
  };
}

/** How the document shows the bytes of a file in a body. */
export const CONTENT_PROPERTY = {
  [CONTENT_FIELD]: { type: "string", format: "byte", description: "The file in base64" },
} as const;

/** Reads a JSON body with a file in base64; throws as the validation of any body does. */
export async function readFileBody<S extends z.ZodType>(c: AppContext, schema: S): Promise<z.output<S>> {
  if (!c.req.header("content-type")?.toLowerCase().includes("json")) throw new ApiError("unsupported_media_type");
  const body = parseLifted(new Uint8Array(await c.req.arrayBuffer()), CONTENT_FIELD, 1);
  const { value } = body;
  const content: unknown = isObject(value) ? Reflect.get(value, CONTENT_FIELD) : undefined;
  const lifted = typeof content === "string" ? body.lifted.get(content) : undefined;
  return checkBody(schema, lifted ? { ...Object(value), [CONTENT_FIELD]: lifted } : value);
}
