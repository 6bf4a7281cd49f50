import { z } from "@hono/zod-openapi";
import { type AppContext, callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { answerKept, validatorHeaders } from "../../http/stored-file.ts";
import { requireOwnOrganization } from "../../http/tenancy.ts";
import { disposeArchive } from "../publish/archive-disposal.ts";
import { deleteVersion } from "../publish/publish-store.ts";
import { taskPath } from "../registry-schemas.ts";
import { DIGEST, MANIFEST_TYPE, readManifestBody } from "./manifest-body.ts";
import { findManifest, listVersionsOf } from "./manifest-store.ts";
import { HEADERS, type Place, pullReference, pushReference } from "./oci-operations.ts";
import { pushManifest } from "./push-manifest.ts";

const digestHeader = { "Docker-Content-Digest": HEADERS.digest };
const manifestBody = { [MANIFEST_TYPE]: { schema: z.string().openapi({ format: "binary" }) } };

/** Manifests: push, which publishes; pull; delete (contract A4; OCI distribution 1.1). */
export function manifestRoutes({ prefix, tag, idOf }: Place): Router {
  const routes = newRouter();
  const path = `${prefix}/{org}/{name}/manifests/{reference}`;

  const push = operation({
    method: "put",
    path,
    operationId: idOf("pushManifest"),
    tags: [tag],
    summary: "Push a manifest: publish its layer as a version",
    description:
      "The manifest names a configuration and one layer, the task's files as `.tar.gz`; both have been pushed before. The " +
      "layer is repacked as a zip and goes through the same check as one that is published. A layer that is refused is " +
      "400 with the reasons. The same manifest again changes nothing; another one for a published version is 409. The " +
      "answer comes with the verdict; when that takes too long, 503, and the same push again waits for it.",
    scope: "task:write",
    projectKeys: "refused",
    errors: [
      "not_found",
      "validation_failed",
      "manifest_invalid",
      "manifest_blob_unknown",
      "already_exists",
      "conflict",
      "body_too_large",
      "invalid_request",
      "unavailable",
    ],
    request: {
      params: taskPath.extend({ reference: pushReference }),
      body: { content: { [MANIFEST_TYPE]: { schema: { type: "string" as const, format: "binary" } } }, required: true },
    },
    responses: {
      201: { description: "Published", headers: { Location: HEADERS.location, ...digestHeader } },
    },
  });

  const pull = operation({
    method: "get",
    path,
    operationId: idOf("pullManifest"),
    tags: [tag],
    summary: "Pull a manifest",
    description: "As it was pushed. A version that was published as a zip has none.",
    scope: "task:read",
    errors: ["validation_failed", "manifest_unknown"],
    request: { params: taskPath.extend({ reference: pullReference }) },
    responses: {
      200: { description: "The manifest", content: manifestBody, headers: digestHeader },
      304: { description: "The copy named by If-None-Match is current", headers: digestHeader },
    },
  });

  const remove = operation({
    method: "delete",
    path,
    operationId: idOf("deleteManifest"),
    tags: [tag],
    summary: "Delete a version that was pushed, by its number or its manifest's digest",
    description: "The version is deleted with its archive, and the task with its last one.",
    scope: "task:write",
    projectKeys: "refused",
    errors: ["not_found", "validation_failed", "manifest_unknown"],
    request: { params: taskPath.extend({ reference: pullReference }) },
    responses: { 202: { description: "Deleted" } },
  });

  routes.openapi(push, async (c) => {
    const { org, name, reference: version } = c.req.valid("param");
    const caller = requireOwnOrganization(c, org);
    const manifest = await readManifestBody(c, { org, name, version });
    await pushManifest(c.env, { caller, name, version }, manifest);
    return c.body(null, 201, {
      Location: `${prefix}/${org}/${name}/manifests/${manifest.digest}`,
      "Docker-Content-Digest": manifest.digest,
    });
  });

  routes.openapi(pull, async (c) => pullManifest(c, c.req.valid("param")));

  routes.openapi(remove, async (c) => {
    const { org, name, reference } = c.req.valid("param");
    const { organizationId } = requireOwnOrganization(c, org);
    const db = databaseOf(c);
    const manifest = await findManifest(db, callerOf(c), { org, name }, toReference(reference));
    if (reference === "latest" || !manifest) throw manifestUnknown(org, name, reference);
    const isDigest = DIGEST.test(reference);
    const versions = isDigest ? await listVersionsOf(db, organizationId, name, reference) : [manifest.version];
    for (const version of versions) {
      const discarded = await deleteVersion(db, organizationId, name, version);
      if (discarded) await disposeArchive(c.env, discarded);
    }
    return c.body(null, 202);
  });

  return routes;
}

async function pullManifest(
  c: AppContext,
  { org, name, reference }: { org: string; name: string; reference: string },
): Promise<Response> {
  const manifest = await findManifest(databaseOf(c), callerOf(c), { org, name }, toReference(reference));
  if (!manifest) throw manifestUnknown(org, name, reference);
  const cacheControl = reference === "latest" ? "private, no-cache" : "private, max-age=3600";
  const validators = {
    etag: `"${manifest.digest}"`,
    cacheControl,
    headers: { "Docker-Content-Digest": manifest.digest },
  };
  const kept = answerKept(c.req.raw, validators);
  if (kept) return kept;
  const bytes = new TextEncoder().encode(manifest.content);
  const headers = validatorHeaders(validators);
  headers.set("Content-Type", manifest.mediaType);
  headers.set("Content-Length", String(bytes.byteLength));
  return new Response(bytes, { headers });
}

function toReference(reference: string) {
  return DIGEST.test(reference) ? { digest: reference } : { tag: reference };
}

function manifestUnknown(org: string, name: string, reference: string): ApiError {
  const detail = `No manifest '${reference}' of '${org}/${name}': it does not exist, or was published as a zip.`;
  return new ApiError("manifest_unknown", detail);
}
