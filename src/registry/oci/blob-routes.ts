import { type AppContext, callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { serveFile } from "../../http/stored-file.ts";
import { archiveSource } from "../archive/archive-source.ts";
import { whileThere } from "../read/archive-reading.ts";
import { canSeeWithheld, refuseWithheld } from "../read/read-access.ts";
import { type Blob, touchBlob } from "./blob-store.ts";
import { findBlob } from "./manifest-store.ts";
import { blobPath, bytes, HEADERS, organizationBlobPath, type Place } from "./oci-operations.ts";

const headers = { "Docker-Content-Digest": HEADERS.digest };
const responses = {
  200: { description: "The blob", content: bytes, headers },
  206: { description: "The range asked for", content: bytes, headers },
  304: { description: "The copy named by If-None-Match is current", headers },
};
const DESCRIPTION =
  "Who writes tasks of the organization reads all of its blobs; others those of versions whose archive they may download " +
  "whole. Takes one byte range, and conditions. `HEAD` tells a client that pushes whether it need not send the blob.";

/** Reading of blobs: those of the organization, whichever task they were pushed for. */
export function blobRoutes({ prefix, tag, idOf }: Place): Router {
  const routes = newRouter();

  const read = operation({
    method: "get",
    path: `${prefix}/{org}/{name}/blobs/{digest}`,
    operationId: idOf("readTaskBlob"),
    tags: [tag],
    summary: "Read a blob of a task",
    description: DESCRIPTION,
    scope: "task:read",
    errors: ["validation_failed", "blob_unknown", "forbidden", "range_not_satisfiable"],
    request: { params: blobPath },
    responses,
  });
  routes.openapi(read, async (c) => serveBlob(c, c.req.valid("param")));

  // A4's own way, which names no task. At /v2 the task is a part of every path.
  if (prefix !== "/api/v1") return routes;
  const readOfOrganization = operation({
    method: "get",
    path: `${prefix}/{org}/blobs/{digest}`,
    operationId: idOf("readBlob"),
    tags: [tag],
    summary: "Read a blob of an organization",
    description: DESCRIPTION,
    scope: "task:read",
    errors: ["validation_failed", "blob_unknown", "forbidden", "range_not_satisfiable"],
    request: { params: organizationBlobPath },
    responses,
  });
  routes.openapi(readOfOrganization, async (c) => serveBlob(c, c.req.valid("param")));
  return routes;
}

async function serveBlob(c: AppContext, { org, digest }: { org: string; digest: string }): Promise<Response> {
  const { size, objectKey } = await requireBlob(c, org, digest);
  const file = {
    size,
    etag: `"${digest}"`,
    contentType: "application/octet-stream",
    // Nothing on the way may compress it: ranges and digest are of the bytes as they are.
    cacheControl: "private, max-age=3600, no-transform",
    headers: { "Docker-Content-Digest": digest },
  };
  const source = archiveSource(c.env.ARCHIVES, objectKey, size);
  return serveFile(c.req.raw, file, ({ offset, length }) => whileThere(c, source.read(offset, length)));
}

async function requireBlob(c: AppContext, org: string, digest: string): Promise<Blob> {
  const caller = callerOf(c);
  const db = databaseOf(c);
  const found = await findBlob(db, caller, org, digest);
  const unknown = new ApiError("blob_unknown", `No blob ${digest} in '${org}'.`);
  if (!found) throw unknown;
  if (canSeeWithheld(caller, { id: found.blob.organizationId })) {
    // Whoever asks so is about to push a manifest that names it: the sweeper must leave it alone.
    const isIdle = c.req.raw.method === "HEAD" && found.blob.idleSince !== null;
    if (isIdle && !(await touchBlob(db, found.blob.organizationId, digest))) throw unknown;
    return found.blob;
  }
  if (!found.isReadable) throw unknown;
  if (!found.isOpen) throw refuseWithheld();
  return found.blob;
}
