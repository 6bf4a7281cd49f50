import { type RouteConfig, z } from "@hono/zod-openapi";
import { v7 as uuid } from "uuid";
import { type AppContext, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { jsonAnswer, jsonBody, NO_CONTENT } from "../../http/json-media.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { paceBody } from "../../http/request-body.ts";
import { ignoredFields } from "../../http/unknown-fields.ts";
import { answerSlowly } from "../commands/slow-answer.ts";
import { ACCESS_ERRORS, nameSandbox, tokenHeader, unwrap } from "../environment-access.ts";
import { environmentPath } from "../environment-schemas.ts";
import { fileAnswer, toAbsolute, toFile } from "../file-schemas.ts";
import type { Upload } from "./upload-log.ts";
import {
  environmentUpload,
  MAX_PARTS,
  newUpload,
  partPath,
  receivedPart,
  toUpload,
  UPLOAD_EXAMPLE,
  UPLOAD_PATH,
  uploadList,
  uploadPath,
  UPLOADS_PATH,
} from "./upload-schemas.ts";

const tags: ["Environments"] = ["Environments"];

/** Parts begin where rows of the embedded sandbox do. */
const PART_STEP_BYTES = 128 * 1024;

const begin = operation({
  method: "post",
  path: UPLOADS_PATH,
  operationId: "beginEnvironmentUpload",
  tags,
  summary: "Begin to send a file of any size in parts",
  description:
    "What the sandbox has no room for is refused now. The answer says how large each part is; they may come in any order, " +
    "several at once, and again.",
  scope: "environment:write",
  errors: [...ACCESS_ERRORS, "invalid_request", "forbidden", "body_too_large", "sandbox_failed"],
  request: {
    params: environmentPath,
    headers: tokenHeader,
    body: jsonBody(newUpload, { path: "/task/model.bin", size: 40_000_000 }),
  },
  responses: {
    201: jsonAnswer("The upload", environmentUpload.extend({ warnings: z.array(z.string()).optional() }), {
      ...UPLOAD_EXAMPLE,
      received_parts: [],
    }),
  },
});

const list = operation({
  method: "get",
  path: UPLOADS_PATH,
  operationId: "listEnvironmentUploads",
  tags,
  summary: "List an environment's uploads, oldest first",
  scope: "environment:read",
  errors: [...ACCESS_ERRORS, "sandbox_failed"],
  request: { params: environmentPath, headers: tokenHeader },
  responses: { 200: jsonAnswer("Uploads", uploadList, { uploads: [UPLOAD_EXAMPLE] }) },
});

const read = operation({
  method: "get",
  path: UPLOAD_PATH,
  operationId: "getEnvironmentUpload",
  tags,
  summary: "Read which parts of an upload have arrived",
  scope: "environment:read",
  errors: [...ACCESS_ERRORS, "sandbox_failed"],
  request: { params: uploadPath, headers: tokenHeader },
  responses: { 200: jsonAnswer("The upload", environmentUpload, UPLOAD_EXAMPLE) },
});

const putPart = operation({
  method: "put",
  path: `${UPLOAD_PATH}/parts/{part_number}`,
  operationId: "putEnvironmentUploadPart",
  tags,
  summary: "Send a part",
  description: "The raw bytes, with Content-Length. A part that is sent again replaces the earlier one.",
  scope: "environment:write",
  errors: [...ACCESS_ERRORS, "invalid_request", "length_required", "body_too_large", "sandbox_failed"],
  request: {
    params: partPath,
    headers: tokenHeader,
    body: { required: true, content: { "application/octet-stream": { schema: z.any() } } },
  },
  responses: { 200: jsonAnswer("It has arrived", receivedPart, { part_number: 1, size: 16_777_216 }) },
});

/** Written by hand where it takes long: this type lets the route answer with a plain Response. */
const inPlace: NonNullable<RouteConfig["responses"]>[string] = fileAnswer("The file is in place");

const complete = operation({
  method: "post",
  path: `${UPLOAD_PATH}/complete`,
  operationId: "completeEnvironmentUpload",
  tags,
  summary: "Put the file in place",
  description:
    "All or nothing, in place of what is there; the SHA-256 is compared before. Safe to repeat. Where it takes long the answer " +
    "begins with spaces, as that of `execute` does.",
  scope: "environment:write",
  errors: [...ACCESS_ERRORS, "invalid_request", "forbidden", "body_too_large", "sandbox_failed"],
  request: { params: uploadPath, headers: tokenHeader },
  responses: { 200: inPlace },
});

const abort = operation({
  method: "delete",
  path: UPLOAD_PATH,
  operationId: "abortEnvironmentUpload",
  tags,
  summary: "Abort an upload: what has come of it goes",
  scope: "environment:write",
  errors: [...ACCESS_ERRORS, "invalid_request", "forbidden", "sandbox_failed"],
  request: { params: uploadPath, headers: tokenHeader },
  responses: NO_CONTENT,
});

/** Files that come into environments in parts. */
export function environmentUploadRoutes(): Router {
  const routes = newRouter();

  routes.openapi(begin, async (c) => {
    const wanted = c.req.valid("json");
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { upload } = unwrap(await handle.beginUpload(access, planUpload(c, wanted)));
    const warnings = ignoredFields(newUpload, await c.req.json());
    return c.json({ ...toUpload(upload), ...(warnings.length > 0 && { warnings }) }, 201);
  });

  routes.openapi(list, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { uploads } = unwrap(await handle.listUploads(access));
    return c.json({ uploads: uploads.map(toUpload) }, 200);
  });

  routes.openapi(read, async (c) => {
    const path = c.req.valid("param");
    const { handle, access } = await nameSandbox(c, path);
    return c.json(toUpload(unwrap(await handle.readUpload(access, path.upload_id)).upload), 200);
  });

  routes.openapi(putPart, async (c) => {
    const path = c.req.valid("param");
    const length = c.req.header("content-length");
    if (length === undefined) throw new ApiError("length_required");
    const size = Number(length);
    const { handle, access } = await nameSandbox(c, path);
    const body = paceBody(c.req.raw.body ?? new Blob([]).stream(), configOf(c));
    const written = await handle
      .writePart(access, path.upload_id, path.part_number, body.stream, size)
      .catch((error: unknown) => {
        throw body.failure ?? error;
      });
    if (body.failure) throw body.failure;
    unwrap(written);
    return c.json({ part_number: path.part_number, size }, 200);
  });

  routes.openapi(complete, async (c) => {
    const path = c.req.valid("param");
    const { handle, access } = await nameSandbox(c, path);
    const file = handle.completeUpload(access, path.upload_id).then((outcome) => toFile(unwrap(outcome).status));
    return answerSlowly(c, file, {});
  });

  routes.openapi(abort, async (c) => {
    const path = c.req.valid("param");
    const { handle, access } = await nameSandbox(c, path);
    unwrap(await handle.abortUpload(access, path.upload_id));
    return c.body(null, 204);
  });
  return routes;
}

/** The upload that is asked for, with parts as large as it takes to have no more of them than may be. */
function planUpload(c: AppContext, { path, size, sha256 = null }: z.output<typeof newUpload>): Upload {
  const { SANDBOX_FILE_MAX_BYTES, SANDBOX_PART_BYTES, UPLOAD_TTL_SECONDS } = configOf(c);
  const needed = Math.ceil(size / MAX_PARTS / PART_STEP_BYTES) * PART_STEP_BYTES;
  const partSize = Math.max(SANDBOX_PART_BYTES, needed);
  if (partSize > SANDBOX_FILE_MAX_BYTES) {
    const most = Math.floor(SANDBOX_FILE_MAX_BYTES / PART_STEP_BYTES) * PART_STEP_BYTES * MAX_PARTS;
    throw new ApiError("body_too_large", `A file in parts has ${most} bytes at most.`);
  }
  const id = uuid();
  const absolute = toAbsolute(path);
  const staging = `${absolute.slice(0, absolute.lastIndexOf("/"))}/.upload-${id}`;
  const expires = Date.now() + UPLOAD_TTL_SECONDS * 1000;
  return { id, path: absolute, staging, size, sha256, partSize, expires, result: null };
}
