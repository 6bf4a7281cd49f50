import { databaseOf } from "../../http/context.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { describePage, pageQuery } from "../../http/paging.ts";
import { requireUpload } from "./upload-access.ts";
import { expectRawBody, rawBody } from "../publish/upload-body.ts";
import { announcedSha256 } from "../publish/upload-digest.ts";
import { listParts } from "./upload-part-store.ts";
import { expectPart, putPart } from "./upload-parts.ts";
import { bodies, partPath, uploadPath } from "../publish/upload-schemas.ts";
import { toUploadPartResource } from "./upload-view.ts";

const PARTS = "/api/v1/org/{org}/tasks/{name}/versions/{version}/uploads/{upload_id}/parts";

const put = operation({
  method: "put",
  path: `${PARTS}/{part_number}`,
  operationId: "putTaskUploadPart",
  tags: ["Task uploads"],
  summary: "Send a part",
  description:
    "Parts may come in any order and at the same time, and a part may be sent again: it replaces the earlier one. " +
    "Every part but the last has exactly `part_size` bytes. `Content-Digest: sha-256=:…:` is compared when it is sent.",
  scope: "task:write",
  projectKeys: "refused",
  errors: [
    "not_found",
    "validation_failed",
    "invalid_request",
    "conflict",
    "length_required",
    "body_too_large",
    "unsupported_media_type",
  ],
  request: { params: partPath, body: rawBody },
  responses: { 200: { description: "Stored", content: bodies.part } },
});

const list = operation({
  method: "get",
  path: PARTS,
  operationId: "listTaskUploadParts",
  tags: ["Task uploads"],
  summary: "List the parts that have arrived, in order",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: uploadPath, query: pageQuery({ maximum: 1000, fallback: 100 }) },
  responses: { 200: { description: "Parts", content: bodies.parts } },
});

/** The parts of an upload. */
export function uploadPartRoutes(): Router {
  const routes = newRouter();

  routes.openapi(put, async (c) => {
    const path = c.req.valid("param");
    const upload = await requireUpload(c, path);
    const size = expectPart(upload, path.part_number);
    const body = expectRawBody(c, size, `Part ${path.part_number} has exactly ${size}.`);
    if (body.length < size) {
      const msg = `Part ${path.part_number} has exactly ${size} bytes; the body has ${body.length}.`;
      throw new ApiError("validation_failed", msg, { errors: [{ loc: ["body"], msg, type: "part_size" }] });
    }
    const announced = announcedSha256(c.req.header("content-digest"));
    const part = await putPart(c.env, upload, path.part_number, { body, announced });
    return c.json(toUploadPartResource(part), 200);
  });

  routes.openapi(list, async (c) => {
    const page = c.req.valid("query");
    const upload = await requireUpload(c, c.req.valid("param"));
    const { parts, total } = await listParts(databaseOf(c), upload.id, page);
    return c.json({ parts: parts.map(toUploadPartResource), ...describePage(page, total) }, 200);
  });

  return routes;
}
