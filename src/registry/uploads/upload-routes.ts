import { databaseOf } from "../../http/context.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { describePage, pageQuery } from "../../http/paging.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { toTaskDetail } from "../read/published-task-view.ts";
import { requireUpload } from "./upload-access.ts";
import { abortUpload, completeUpload, startUpload } from "./upload-parts.ts";
import { bodies, uploadPath, versionPath } from "../publish/upload-schemas.ts";
import { listUnfinished } from "../publish/upload-store.ts";
import { showUpload, toUploadResource } from "./upload-view.ts";
import { rescueVerification } from "./verification-rescue.ts";

const UPLOADS = "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads";
const UPLOAD = "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}";

const start = operation({
  method: "post",
  path: UPLOADS,
  operationId: "startTaskUpload",
  tags: ["Task uploads"],
  summary: "Start an upload in parts",
  description:
    "For archives above the limit of one request, or connections that break. The answer says how the archive is cut: " +
    "`parts` parts of `part_size` bytes, the last one shorter. When the version is published with the announced SHA-256 " +
    "already, the answer is that version (200) and there is nothing to send.",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed", "already_exists", "body_too_large"],
  request: { params: versionPath, body: { content: bodies.start, required: true } },
  responses: {
    200: {
      description: "The version is published with these very bytes already",
      content: bodies.task,
    },
    201: { description: "Started. `Location` is the upload", content: bodies.upload },
  },
});

const list = operation({
  method: "get",
  path: UPLOADS,
  operationId: "listTaskUploads",
  tags: ["Task uploads"],
  summary: "List the unfinished uploads of a version, newest first",
  description: "For a client that has lost its upload's id and wants to go on.",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: versionPath, query: pageQuery({ maximum: 100, fallback: 50 }) },
  responses: { 200: { description: "Uploads", content: bodies.uploads } },
});

const read = operation({
  method: "get",
  path: UPLOAD,
  operationId: "getTaskUpload",
  tags: ["Task uploads"],
  summary: "Read an upload: what has arrived, or how the check went",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: uploadPath },
  responses: { 200: { description: "The upload", content: bodies.upload } },
});

const complete = operation({
  method: "post",
  path: `${UPLOAD}/complete`,
  operationId: "completeTaskUpload",
  tags: ["Task uploads"],
  summary: "Hand a complete upload to verification",
  description:
    "All parts must be there; those that are missing are named in a 409. Verification goes on in the background: read " +
    "the upload until it is `accepted` or `refused`. Repeating the request is harmless.",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed", "conflict", "archive_refused"],
  request: {
    params: uploadPath,
    body: { content: bodies.completion, required: false },
  },
  responses: {
    200: {
      description: "It was completed before, and accepted",
      content: bodies.upload,
    },
    202: { description: "Being verified", content: bodies.verifying },
  },
});

const abort = operation({
  method: "delete",
  path: UPLOAD,
  operationId: "abortTaskUpload",
  tags: ["Task uploads"],
  summary: "Abort an open upload and delete what has arrived",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed", "conflict"],
  request: { params: uploadPath },
  responses: { 204: { description: "Aborted" } },
});

/** Uploads in parts: start, list, read, complete, abort. The parts themselves are in `upload-part-routes.ts`. */
export function uploadRoutes(): Router {
  const routes = newRouter();

  routes.openapi(start, async (c) => {
    const { org, name, version } = c.req.valid("param");
    const { size, sha256, strip } = c.req.valid("json");
    const caller = requireOwnOrganization(c, org);
    const started = await startUpload(c.env, caller, { name, version, size, sha256, strip });
    if ("published" in started) {
      const organization = { id: caller.organizationId, key: caller.organizationKey };
      return c.json(toTaskDetail({ organization, ...started.published }, true), 200);
    }
    const location = `/api/v1/org/${org}/tasks/${name}/versions/${version}/uploads/${started.upload.id}`;
    return c.json(toUploadResource(started.upload, { parts: 0, bytes: 0 }), 201, { Location: location });
  });

  routes.openapi(list, async (c) => {
    const { org, name, version } = c.req.valid("param");
    const page = c.req.valid("query");
    const { organizationId } = requireOwnOrganization(c, org);
    const { rows, total } = await listUnfinished(databaseOf(c), { organizationId, name, version }, page);
    const uploads = rows.map(({ upload, received }) =>
      toUploadResource(upload, upload.state === "open" ? received : undefined),
    );
    return c.json({ uploads, ...describePage(page, total) }, 200);
  });

  routes.openapi(read, async (c) => {
    const found = await rescueVerification(c.env, await requireUpload(c, c.req.valid("param")), new Date());
    return c.json(await showUpload(databaseOf(c), found), 200);
  });

  routes.openapi(complete, async (c) => {
    const found = await rescueVerification(c.env, await requireUpload(c, c.req.valid("param")), new Date());
    const completed = await completeUpload(c.env, found, c.req.valid("json").sha256);
    return c.json(toUploadResource(completed, undefined), completed.state === "accepted" ? 200 : 202);
  });

  routes.openapi(abort, async (c) => {
    await abortUpload(c.env, await requireUpload(c, c.req.valid("param")));
    return c.body(null, 204);
  });

  return routes;
}
