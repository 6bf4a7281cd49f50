import { z } from "zod";
import { type AppContext, configOf } from "../../http/context.ts";
import { ApiError, type ErrorItem } from "../../http/errors/error-table.ts";
import { BodyPace } from "../../http/request-body.ts";
import { chunksOf } from "../publish/upload-body.ts";

/** The manifest of a push (contract A4; OCI image specification 1.1, "Image Manifest"): which layer becomes the task's archive. */

export const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** Bytes at most. Registries take 4 MiB and more for images of many layers; a task has one. */
const MANIFEST_MAX_BYTES = 256 * 1024;

const LAYER_TYPES = ["application/vnd.dreadnode.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+gzip"];
/** What clients call a task, which is an environment to them. */
const TASK_TYPES = ["environment", "task"];

/** `sha256:` and 64 hex digits: the one algorithm that blobs are hashed with here. */
export const DIGEST = /^sha256:[0-9a-f]{64}$/;

const descriptor = z.object({
  mediaType: z.string().min(1).max(255),
  digest: z.string().regex(DIGEST, "must be sha256: and 64 hex digits in lower case"),
  size: z.int().min(0),
});

const manifestBody = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MANIFEST_TYPE).optional(),
  config: descriptor,
  layers: z.tuple(
    [descriptor.extend({ mediaType: z.enum(LAYER_TYPES, `must be one of ${LAYER_TYPES.join(", ")}`) })],
    "must be exactly one layer: the task's files as .tar.gz",
  ),
  subject: z.undefined("is not taken: nothing refers to a task").optional(),
  annotations: z
    .looseObject({
      "io.dreadnode.type": z.enum(TASK_TYPES, "must be environment or task: nothing else is taken here").optional(),
      "io.dreadnode.name": z.string().optional(),
      "io.dreadnode.version": z.string().optional(),
    })
    .optional(),
});

/** A manifest as it came. */
export interface PushedManifest {
  digest: string;
  content: string;
  config: Pick<z.output<typeof descriptor>, "digest" | "size">;
  layer: Pick<z.output<typeof descriptor>, "digest" | "size">;
}

/** Reads the manifest of `org/name` at `version` out of a request. Throws `manifest_invalid`, `body_too_large`. */
export async function readManifestBody(
  c: AppContext,
  expected: { org: string; name: string; version: string },
): Promise<PushedManifest> {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== MANIFEST_TYPE) throw refuse(`Content-Type is '${type ?? ""}'; a task is pushed as ${MANIFEST_TYPE}.`);
  const bytes = await readBytes(c);
  const { content, value } = parse(bytes);
  const result = manifestBody.safeParse(value);
  if (!result.success) {
    const errors = result.error.issues.map(({ path, message, code }) => ({
      loc: ["manifest", ...path.map((key) => (typeof key === "number" ? key : String(key)))],
      msg: message,
      type: code,
    }));
    const [first] = errors;
    throw refuse(`The manifest was refused. ${first?.loc.slice(1).join(".")}: ${first?.msg}`, errors);
  }
  const { config, layers, annotations = {} } = result.data;
  expectAnnotation("io.dreadnode.name", annotations["io.dreadnode.name"], [
    expected.name,
    `${expected.org}/${expected.name}`,
  ]);
  expectAnnotation("io.dreadnode.version", annotations["io.dreadnode.version"], [expected.version]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return { digest: `sha256:${hash}`, content, config, layer: layers[0] };
}

async function readBytes(c: AppContext): Promise<Uint8Array<ArrayBuffer>> {
  const { body } = c.req.raw;
  const bytes = new Uint8Array(MANIFEST_MAX_BYTES);
  let size = 0;
  if (body === null) throw refuse("The body is empty: send the manifest.");
  for await (const chunk of chunksOf({ stream: body, pace: new BodyPace(configOf(c)) })) {
    if (size + chunk.byteLength > MANIFEST_MAX_BYTES) {
      throw new ApiError("body_too_large", `A manifest has at most ${MANIFEST_MAX_BYTES} bytes.`);
    }
    bytes.set(chunk, size);
    size += chunk.byteLength;
  }
  return bytes.slice(0, size);
}

/** The bytes come back as they were from the text, since they are UTF-8. */
function parse(bytes: Uint8Array): { content: string; value: unknown } {
  try {
    const content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { content, value: JSON.parse(content) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw refuse("The manifest is not JSON in UTF-8.");
  }
}

/** A manifest that says that it is another task's, or another version's, was pushed to the wrong place. */
function expectAnnotation(key: string, value: string | undefined, expected: readonly string[]): void {
  if (value === undefined || expected.includes(value)) return;
  const msg = `is '${value}', but it is pushed as '${expected.at(-1)}'.`;
  throw refuse(`The manifest was refused. ${key} ${msg}`, [
    { loc: ["manifest", "annotations", key], msg, type: "mismatch" },
  ]);
}

function refuse(detail: string, errors?: ErrorItem[]): ApiError {
  return new ApiError("manifest_invalid", detail, errors && { errors });
}
