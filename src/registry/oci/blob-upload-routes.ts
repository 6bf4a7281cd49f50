import { z } from "@hono/zod-openapi";
import { type AppContext, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { taskPath } from "../registry-schemas.ts";
import { type BlobUpload, touchBlob } from "./blob-store.ts";
import {
  appendChunk,
  cancelBlobUpload,
  type ChunkRange,
  finishBlobUpload,
  rangeOf,
  requireBlobUpload,
  startBlobUpload,
} from "./blob-upload.ts";
import { chunkBodyOf } from "./object-bytes.ts";
import { chunk, digest, HEADERS, type Place, repository, uploadPath } from "./oci-operations.ts";

/** Bytes that a chunk should have, but the last one: an upload takes 990 chunks. */
const CHUNK_MIN_BYTES = 5 * 1024 * 1024 + 512 * 1024;

const WRITE = { scope: "task:write", projectKeys: "refused" } as const;
const uploadHeaders = { Location: HEADERS.location, "Docker-Upload-UUID": HEADERS.upload, Range: HEADERS.range };
const blobHeaders = { Location: HEADERS.location, "Docker-Content-Digest": HEADERS.digest };
const BODY_ERRORS = ["body_too_large", "body_too_slow", "digest_invalid", "size_invalid", "invalid_request"] as const;

/** Uploads of blobs: start, append, look, finish, cancel (contract A4; OCI distribution 1.1, "Pushing Blobs"). */
export function blobUploadRoutes({ prefix, tag, idOf }: Place): Router {
  const routes = newRouter();
  const uploads = `${prefix}/{org}/{name}/blobs/uploads/`;
  const one = `${uploads}{upload_id}`;

  const start = operation({
    method: "post",
    path: uploads,
    operationId: idOf("startBlobUpload"),
    tags: [tag],
    summary: "Start the upload of a blob, or push a whole one",
    description:
      "Answers 202 with the upload at `Location`. With `digest` and a body, the body is the blob (201). With `mount`, a " +
      "blob that the organization has already is there at once (201); otherwise an upload is started.",
    ...WRITE,
    errors: ["not_found", "validation_failed", ...BODY_ERRORS],
    request: {
      params: taskPath,
      query: z.object({ digest: digest.optional(), mount: digest.optional(), from: repository.optional() }),
      body: chunk,
    },
    responses: {
      201: { description: "The blob is there", headers: blobHeaders },
      202: { description: "Started", headers: uploadHeaders },
    },
  });

  const append = operation({
    method: "patch",
    path: one,
    operationId: idOf("appendBlobChunk"),
    tags: [tag],
    summary: "Append a chunk to a blob's upload",
    description:
      "`Content-Range: FIRST-LAST` says where the chunk belongs; one that does not go on where the upload ends is 416, " +
      "whose `Range` says where that is. Without the header the body is appended. Its length need not be announced.",
    ...WRITE,
    errors: ["not_found", "validation_failed", "blob_upload_unknown", "blob_upload_invalid", ...BODY_ERRORS],
    request: { params: uploadPath, body: chunk },
    responses: { 202: { description: "Appended", headers: uploadHeaders } },
  });

  const look = operation({
    method: "get",
    path: one,
    operationId: idOf("getBlobUpload"),
    tags: [tag],
    summary: "How much of a blob has arrived",
    ...WRITE,
    errors: ["not_found", "validation_failed", "blob_upload_unknown"],
    request: { params: uploadPath },
    responses: { 204: { description: "`Range` tells", headers: uploadHeaders } },
  });

  const finish = operation({
    method: "put",
    path: one,
    operationId: idOf("finishBlobUpload"),
    tags: [tag],
    summary: "Finish a blob's upload: the body is the last chunk, or all of it",
    description:
      "The bytes are compared with `digest`. When they are others nothing is appended, and the upload stays.",
    ...WRITE,
    errors: ["not_found", "validation_failed", "blob_upload_unknown", "blob_upload_invalid", ...BODY_ERRORS],
    request: { params: uploadPath, query: z.object({ digest }), body: chunk },
    responses: { 201: { description: "The blob is there", headers: blobHeaders } },
  });

  const cancel = operation({
    method: "delete",
    path: one,
    operationId: idOf("cancelBlobUpload"),
    tags: [tag],
    summary: "Cancel a blob's upload and delete what has arrived",
    ...WRITE,
    errors: ["not_found", "validation_failed", "blob_upload_unknown"],
    request: { params: uploadPath },
    responses: { 204: { description: "Cancelled" } },
  });

  const showUpload = ({ id, taskName, received }: BlobUpload, org: string) => ({
    Location: `${prefix}/${org}/${taskName}/blobs/uploads/${id}`,
    "Docker-Upload-UUID": id,
    Range: rangeOf(received),
  });
  const showBlob = (org: string, name: string, pushed: string) => ({
    Location: `${prefix}/${org}/${name}/blobs/${pushed}`,
    "Docker-Content-Digest": pushed,
  });

  routes.openapi(start, async (c) => {
    const { org, name } = c.req.valid("param");
    const { digest: whole, mount } = c.req.valid("query");
    const { organizationId } = requireOwnOrganization(c, org);
    if (mount !== undefined && (await touchBlob(databaseOf(c), organizationId, mount))) {
      return c.body(null, 201, showBlob(org, name, mount));
    }
    const body = whole === undefined ? undefined : chunkBodyOf(c, 0);
    const upload = await startBlobUpload(c.env, organizationId, name);
    if (whole === undefined || body === undefined) {
      return c.body(null, 202, { ...showUpload(upload, org), "OCI-Chunk-Min-Length": String(CHUNK_MIN_BYTES) });
    }
    await outlive(
      c,
      finishBlobUpload(c.env, upload, whole, body).catch(async (error: unknown) => {
        // Nobody knows of the upload.
        await cancelBlobUpload(c.env, upload);
        throw error;
      }),
    );
    return c.body(null, 201, showBlob(org, name, whole));
  });

  routes.openapi(append, async (c) => {
    const { org } = c.req.valid("param");
    const upload = await uploadOf(c, c.req.valid("param"));
    const appending = appendChunk(c.env, upload, chunkBodyOf(c, upload.received), contentRangeOf(c));
    return c.body(null, 202, showUpload(await outlive(c, withLocation(appending, showUpload(upload, org))), org));
  });

  routes.openapi(look, async (c) => {
    const { org } = c.req.valid("param");
    return c.body(null, 204, showUpload(await uploadOf(c, c.req.valid("param")), org));
  });

  routes.openapi(finish, async (c) => {
    const { org, name } = c.req.valid("param");
    const { digest: whole } = c.req.valid("query");
    const upload = await uploadOf(c, c.req.valid("param"));
    const finishing = finishBlobUpload(c.env, upload, whole, chunkBodyOf(c, upload.received), contentRangeOf(c));
    await outlive(c, withLocation(finishing, showUpload(upload, org)));
    return c.body(null, 201, showBlob(org, name, whole));
  });

  routes.openapi(cancel, async (c) => {
    await cancelBlobUpload(c.env, await uploadOf(c, c.req.valid("param")));
    return c.body(null, 204);
  });

  return routes;
}

/** The upload of a path. */
async function uploadOf(c: AppContext, path: { org: string; name: string; upload_id: string }): Promise<BlobUpload> {
  const { organizationId } = requireOwnOrganization(c, path.org);
  return requireBlobUpload(c.env, { organizationId, taskName: path.name, id: path.upload_id });
}

/** A client that hangs up ends the request, but not the clearing away of what it sent. */
async function outlive<T>(c: AppContext, work: Promise<T>): Promise<T> {
  c.executionCtx.waitUntil(work.then(undefined, () => undefined));
  return work;
}

/** A chunk that is out of place is told where to go on, too. */
async function withLocation<T>(work: Promise<T>, headers: Record<string, string>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiError && error.code === "blob_upload_invalid") {
      Object.assign(error.headers, { ...headers, ...error.headers });
    }
    throw error;
  }
}

/** `FIRST-LAST`, as the specification has it; `bytes FIRST-LAST/…`, as other servers do, means the same. */
function contentRangeOf(c: AppContext): ChunkRange | undefined {
  const header = c.req.header("content-range");
  if (header === undefined) return undefined;
  const [, first, last] = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header.trim()) ?? [];
  if (first === undefined || Number(last) < Number(first)) {
    throw new ApiError("size_invalid", `Content-Range is '${header}'; it must be FIRST-LAST, in bytes.`);
  }
  return { first: Number(first), last: Number(last) };
}
