import { type AppContext, callerOf, configOf, databaseOf } from "../../http/context.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { disposeArchive } from "../publish/archive-disposal.ts";
import { publishArchive, type PublishTarget } from "../publish/publish.ts";
import { deleteVersion, findPublished } from "../publish/publish-store.ts";
import { taskPath, versionReference } from "../registry-schemas.ts";
import { toTaskDetail } from "../read/published-task-view.ts";
import { expectRawBody, rawBody } from "../publish/upload-body.ts";
import { announcedSha256 } from "../publish/upload-digest.ts";
import { bodies, publishQuery, versionPath } from "../publish/upload-schemas.ts";
import { showUpload } from "./upload-view.ts";

const publish = operation({
  method: "put",
  path: "/api/v1/org/{org}/tasks/{name}/versions/{version}",
  operationId: "publishTaskVersion",
  tags: ["Task registry"],
  summary: "Publish a version from a zip archive",
  description:
    "The body is the archive itself, of a known length. It is streamed into the store while its SHA-256 is computed, and " +
    "compared with `Content-Digest: sha-256=:…:` (RFC 9530) when that is sent. Nothing is visible before the archive is " +
    "accepted. The same bytes again answer 200; other bytes for a published version 409. An archive that is large, or " +
    "inflates to much, answers 202 and is verified in the background: the upload at `Location` tells how it went.",
  scope: "task:write",
  projectKeys: "refused",
  errors: [
    "not_found",
    "validation_failed",
    "archive_refused",
    "invalid_request",
    "already_exists",
    "conflict",
    "length_required",
    "body_too_large",
    "unsupported_media_type",
  ],
  request: { params: versionPath, query: publishQuery, body: rawBody },
  responses: {
    200: {
      description: "The version is published with these very bytes already; nothing changed",
      content: bodies.task,
    },
    201: { description: "Published", content: bodies.published },
    202: {
      description: "Received whole; being verified. `Location` is the upload",
      content: bodies.verifying,
    },
  },
});

const remove = operation({
  method: "delete",
  path: "/api/v1/org/{org}/tasks/{name}/{version}",
  operationId: "deleteTaskVersion",
  tags: ["Task registry"],
  summary: "Delete a version, and the task with its last one",
  description: "The version is named exactly: `latest` is refused. The number may be published again afterwards.",
  scope: "task:write",
  projectKeys: "refused",
  errors: ["not_found", "validation_failed"],
  request: { params: taskPath.extend({ version: versionReference }) },
  responses: { 204: { description: "Deleted" } },
});

/** Publish and delete of versions. */
export function publishRoutes(): Router {
  const routes = newRouter();

  routes.openapi(publish, async (c) => {
    const { org, name, version } = c.req.valid("param");
    const { strip } = c.req.valid("query");
    const target = { caller: requireOwnOrganization(c, org), name, version, strip };
    const uploads = `/api/v1/org/${org}/tasks/${name}/versions/${version}/uploads`;
    const maxBytes = configOf(c).PUBLISH_MAX_BYTES;
    const body = expectRawBody(c, maxBytes, `Send a larger archive in parts: POST ${uploads}.`);
    const announced = announcedSha256(c.req.header("content-digest"));
    const publishing = publishArchive(c.env, target, { body, announced });
    // A client that hangs up ends the request, but not the clearing away of what it sent.
    c.executionCtx.waitUntil(publishing.then(undefined, () => undefined));
    const outcome = await publishing;
    switch (outcome.kind) {
      case "created":
        return c.json({ ...(await showPublished(c, target)), warnings: outcome.warnings }, 201);
      case "unchanged":
        return c.json(await showPublished(c, target), 200);
      case "verifying":
        return c.json(await showUpload(databaseOf(c), outcome.upload), 202, {
          Location: `${uploads}/${outcome.upload.id}`,
        });
    }
  });

  routes.openapi(remove, async (c) => {
    const { org, name, version } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    if (version === "latest") {
      const msg = "names no single version: say which one to delete.";
      throw new ApiError("validation_failed", `The version 'latest' ${msg}`, {
        errors: [{ loc: ["path", "version"], msg, type: "exact_version" }],
      });
    }
    const discarded = await deleteVersion(databaseOf(c), organizationId, name, version);
    if (!discarded) throw new ApiError("not_found", `Version ${version} of task '${name}' not found.`);
    await disposeArchive(c.env, discarded);
    return c.body(null, 204);
  });

  return routes;
}

/** The detail of a version that was there a moment ago; gone only when someone deletes it in between. */
async function showPublished(c: AppContext, { name, version }: Pick<PublishTarget, "name" | "version">) {
  const { organizationId: id, organizationKey: key } = callerOf(c);
  const published = await findPublished(databaseOf(c), id, name, version);
  if (!published) throw new ApiError("not_found", `Version ${version} of task '${name}' was deleted meanwhile.`);
  return toTaskDetail({ organization: { id, key }, ...published }, true);
}
