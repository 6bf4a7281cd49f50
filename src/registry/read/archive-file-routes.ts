import { Buffer } from "node:buffer";
import { newRouter, type Router } from "../../http/new-router.ts";
import { z } from "@hono/zod-openapi";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { answerKept, entityTag, serveFile, validatorHeaders } from "../../http/stored-file.ts";
import { findEntry } from "../../zip/read/entry.ts";
import { openEntry } from "../../zip/read/entry-stream.ts";
import { ZipError } from "../../zip/read/zip-error.ts";
import { openArchive, requireArchive, whileThere } from "./archive-reading.ts";
import { placeOf } from "../archive/archive-root.ts";
import { openListing } from "./file-listing.ts";
import { cursorParameter } from "./listing-cursor.ts";
import { refuseWithheldArchive, refuseWithheldPath } from "./read-access.ts";
import { readReadme } from "./readme.ts";
import { taskFileListResponse, taskPath, taskReadme, versionReference } from "../registry-schemas.ts";

/** Rows of one page of files at most: about a megabyte of JSON. */
const PAGE_MAX_ROWS = 10_000;
/** Characters of a file name at most, as the check at publishing has it (in bytes). */
const PATH_MAX_LENGTH = 1024;

const version = versionReference.default("latest");
const headers = {
  "X-Task-Version": { schema: { type: "string" as const }, description: "The version that was read" },
  ETag: { schema: { type: "string" as const }, description: "Strong validator for If-None-Match and If-Range" },
};
const bytes = { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } };
const fileResponses = {
  200: { description: "The bytes, with a Content-Type by the name's extension", content: bytes, headers },
  206: { description: "The range asked for", content: bytes, headers },
  304: { description: "The copy named by If-None-Match or If-Modified-Since is current", headers },
};

const listFiles = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/{name}/files",
  operationId: "listTaskFiles",
  tags: ["Task registry"],
  summary: "List task files",
  description: `List files inside a task zip archive, in its order, without entries that stand for directories. Without parameters: all
files of the latest version. With \`limit\` the answer is a page whose \`next_cursor\` leads to the next one of the same version.`,
  scope: "task:read",
  errors: ["validation_failed", "not_found"],
  request: {
    params: taskPath,
    query: z
      .object({
        version: versionReference.optional(),
        prefix: z
          .string()
          .max(PATH_MAX_LENGTH)
          .optional()
          .openapi({ example: "environment/", description: "Only files whose name begins with this" }),
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(PAGE_MAX_ROWS)
          .optional()
          .openapi({ example: 1000, description: "Files per page; all of them when left out" }),
        cursor: cursorParameter.optional(),
      })
      .superRefine(({ version, prefix, cursor }, context) => {
        if (cursor === undefined) return;
        const refuse = (path: string) =>
          context.addIssue({ code: "custom", path: [path], message: "is another than the one this cursor began with" });
        if (prefix !== undefined && prefix !== cursor.prefix) refuse("prefix");
        if (version !== undefined && version !== "latest" && version !== cursor.version) refuse("version");
      }),
  },
  responses: {
    200: {
      description: "The files",
      headers,
      content: {
        "application/json": {
          schema: taskFileListResponse,
          example: {
            task_name: "log-triage",
            files: [{ filename: "task.yaml", file_size: 412, compress_size: 240 }],
            total_files: 1,
          },
        },
      },
    },
    304: { description: "The copy named by If-None-Match is current", headers },
  },
});

const readFile = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/{name}/files/{path}{.+}",
  operationId: "readTaskFile",
  tags: ["Task registry"],
  summary: "Read one file of a task",
  description:
    "The raw bytes of one file inside the archive. The path may contain slashes. Takes one byte range, and conditions.",
  scope: "task:read",
  errors: ["validation_failed", "not_found", "forbidden", "range_not_satisfiable"],
  request: {
    params: taskPath.extend({
      path: z
        .string()
        .min(1)
        .max(PATH_MAX_LENGTH)
        .openapi({ example: "environment/Dockerfile", description: "Path of the file in the archive" }),
    }),
    query: z.object({ version }),
  },
  responses: fileResponses,
});

const readTaskReadme = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/{name}/readme",
  operationId: "readTaskReadme",
  tags: ["Task registry"],
  summary: "Read the readme at the root of a task's archive",
  scope: "task:read",
  errors: ["validation_failed", "not_found", "forbidden"],
  request: { params: taskPath, query: z.object({ version }) },
  responses: {
    200: {
      description: "The readme",
      content: {
        "application/json": {
          schema: taskReadme,
          example: { content: "# Log triage\n", path: "README.md", truncated: false },
        },
      },
    },
  },
});

const downloadArchive = operation({
  method: "get",
  path: "/api/v1/org/{org}/tasks/{name}/{version}/archive",
  operationId: "downloadTaskArchive",
  tags: ["Task registry"],
  summary: "Download a version's whole archive",
  description:
    "The zip as it was published. Takes one byte range, and conditions; Repr-Digest carries its SHA-256. Where publishing " +
    "took the folder away that all files lie in, the zip has it still, and `X-Archive-Root` names it, percent-encoded.",
  scope: "task:read",
  errors: ["validation_failed", "not_found", "forbidden", "range_not_satisfiable"],
  request: { params: taskPath.extend({ version: versionReference }) },
  responses: fileResponses,
});

/** Files of a task's archive, one by one and all together. */
export function fileRoutes(): Router {
  const routes = newRouter();

  routes.openapi(listFiles, async (c) => {
    const task = c.req.valid("param");
    const { version: wanted = "latest", prefix = "", limit, cursor } = c.req.valid("query");
    const { version, ...archive } = await requireArchive(
      c,
      task,
      cursor ? { versionId: cursor.versionId } : { version: wanted },
    );
    const validators = { ...archive, etag: await entityTag(version.sha256, version.id, prefix, limit, cursor) };
    const kept = answerKept(c.req.raw, validators);
    if (kept) return kept;
    const headers = validatorHeaders(validators);
    headers.set("Content-Type", "application/json");
    if (c.req.method === "HEAD") return new Response(null, { headers });
    const request = { taskName: task.name, version, prefix: cursor?.prefix ?? prefix, limit, cursor };
    const listing = openListing(openArchive(c, version), placeOf(version), request);
    return new Response(await whileThere(c, listing.catch(blameCursor(cursor !== undefined))), { headers });
  });

  routes.openapi(readFile, async (c) => {
    const { path, ...task } = c.req.valid("param");
    const { version, ...archive } = await requireArchive(c, task, c.req.valid("query"));
    refuseWithheldPath(archive.withheldPaths, path);
    const validators = { ...asBytes(archive), etag: await entityTag(version.sha256, path) };
    const kept = answerKept(c.req.raw, validators);
    if (kept) return kept;
    const source = openArchive(c, version);
    const entry = path.endsWith("/") ? undefined : await whileThere(c, findEntry(source, placeOf(version), path));
    if (entry === undefined) {
      throw new ApiError("not_found", `No file '${path}' in version ${version.version} of '${task.org}/${task.name}'.`);
    }
    const file = { ...validators, size: entry.size, filename: path.slice(path.lastIndexOf("/") + 1) };
    return serveFile(c.req.raw, file, (range) => whileThere(c, openEntry(source, entry, range)));
  });

  routes.openapi(readTaskReadme, async (c) => {
    const task = c.req.valid("param");
    const { version, withheldPaths, headers } = await requireArchive(c, task, c.req.valid("query"));
    refuseWithheldPath(withheldPaths, version.readmePath ?? "");
    const readme = await whileThere(c, readReadme(openArchive(c, version), placeOf(version), version.readmePath));
    if (readme === undefined) throw new ApiError("not_found", `Task '${task.org}/${task.name}' has no readme.`);
    return c.json(readme, 200, headers);
  });

  routes.openapi(downloadArchive, async (c) => {
    const { version: wanted, ...task } = c.req.valid("param");
    const { version, ...archive } = await requireArchive(c, task, { version: wanted });
    refuseWithheldArchive(archive.withheldPaths);
    const digest = Buffer.from(version.sha256, "hex").toString("base64");
    const file = {
      ...asBytes(archive),
      size: version.fileSize,
      etag: `"${version.sha256}"`,
      filename: `${task.name}-${version.version}.zip`,
      headers: {
        ...archive.headers,
        "Repr-Digest": `sha-256=:${digest}:`,
        // The bytes are as they were published, so the folder that readers of single files do not see is in them.
        ...(version.archiveRoot !== "" && { "X-Archive-Root": encodeURI(version.archiveRoot) }),
      },
    };
    const source = openArchive(c, version);
    return serveFile(c.req.raw, file, ({ offset, length }) => whileThere(c, source.read(offset, length)));
  });
  return routes;
}

/** Nothing on the way may compress them: ranges and lengths count the bytes as they are. */
function asBytes<A extends { cacheControl: string }>(archive: A): A {
  return { ...archive, cacheControl: `${archive.cacheControl}, no-transform` };
}

/** A checked archive reads well from its beginning; from a cursor's place only if the cursor is as we gave it. */
function blameCursor(hasCursor: boolean) {
  return (error: unknown): never => {
    if (!hasCursor || !(error instanceof ZipError)) throw error;
    const msg = "is not a cursor of this listing";
    throw new ApiError("validation_failed", `Request validation failed. query.cursor: ${msg}`, {
      errors: [{ loc: ["query", "cursor"], msg, type: "custom" }],
    });
  };
}
