import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { type AppContext, configOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { admitEvaluationAgent } from "./environment-agent.ts";
import { operation } from "../http/operation.ts";
import { paceBody } from "../http/request-body.ts";
import { entityTag, serveFile } from "../http/stored-file.ts";
import { TASK_ROOT } from "../sandbox/port.ts";
import { ACCESS_ERRORS, nameSandbox, refusalOf, tokenHeader, unwrap } from "./environment-access.ts";
import type { Refused } from "./object/environment-outcome.ts";
import { FILE_EXAMPLE, fileAnswer, fileStatus, sandboxPath, toAbsolute, toFile } from "./file-schemas.ts";
import { toObjectRequest } from "./object-request.ts";
import { ENVIRONMENT_PATH, environmentPath } from "./environment-schemas.ts";

const tags: ["Environments"] = ["Environments"];

const FILES_PATH = `${ENVIRONMENT_PATH}/files` as const;
const FILE_PATH = `${FILES_PATH}/{path}{.+}` as const;

/** Entries of one listing at most, and how deep it may go. */
const MAX_ENTRIES = 1_000;
const MAX_DEPTH = 20;

const filePath = environmentPath.extend({
  path: sandboxPath.openapi({ example: "tmp/answer", description: "Absolute path, without its first slash" }),
});

const bytes = { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } };

const list = operation({
  method: "get",
  path: FILES_PATH,
  operationId: "listEnvironmentFiles",
  tags,
  summary: "List a folder of a live environment",
  scope: "environment:read",
  admits: admitEvaluationAgent,
  errors: [...ACCESS_ERRORS, "invalid_request", "sandbox_failed"],
  request: {
    params: environmentPath,
    headers: tokenHeader,
    query: z.object({
      path: sandboxPath.default(TASK_ROOT).openapi({ example: TASK_ROOT, description: "The folder" }),
      depth: z.coerce
        .number()
        .int()
        .min(1)
        .max(MAX_DEPTH)
        .default(1)
        .openapi({ example: 1, description: "Levels below it: 1 for its own entries" }),
    }),
  },
  responses: {
    200: {
      description: `Up to ${MAX_ENTRIES} entries, by path`,
      content: {
        "application/json": {
          schema: z
            .object({
              files: z.array(fileStatus),
              has_more: z.boolean().openapi({ description: "Whether there are entries that are not listed" }),
            })
            .openapi("EnvironmentFileList"),
          example: { files: [FILE_EXAMPLE], has_more: false },
        },
      },
    },
  },
});

const read = operation({
  method: "get",
  path: FILE_PATH,
  operationId: "readEnvironmentFile",
  tags,
  summary: "Read a file of a live environment",
  description: "The raw bytes. Takes one byte range, and conditions.",
  scope: "environment:read",
  admits: admitEvaluationAgent,
  errors: [...ACCESS_ERRORS, "invalid_request", "range_not_satisfiable", "sandbox_failed"],
  request: { params: filePath, headers: tokenHeader },
  responses: {
    200: { description: "The bytes", content: bytes },
    206: { description: "The range asked for", content: bytes },
    304: { description: "The copy named by If-None-Match or If-Modified-Since is current" },
  },
});

const write = operation({
  method: "put",
  path: FILE_PATH,
  operationId: "writeEnvironmentFile",
  tags,
  summary: "Write a file into a live environment",
  description: "The raw bytes, with Content-Length. Replaces what is there; folders above it are made.",
  scope: "environment:write",
  admits: admitEvaluationAgent,
  errors: [...ACCESS_ERRORS, "invalid_request", "forbidden", "length_required", "body_too_large", "sandbox_failed"],
  request: {
    params: filePath,
    headers: tokenHeader,
    body: { required: true, content: { "application/octet-stream": { schema: z.any() } } },
  },
  responses: { 200: fileAnswer("The file was replaced"), 201: fileAnswer("The file is new") },
});

const remove = operation({
  method: "delete",
  path: FILE_PATH,
  operationId: "removeEnvironmentFile",
  tags,
  summary: "Remove a file of a live environment, or a folder with all that is in it",
  scope: "environment:write",
  admits: admitEvaluationAgent,
  errors: [...ACCESS_ERRORS, "invalid_request", "forbidden", "sandbox_failed"],
  request: { params: filePath, headers: tokenHeader },
  responses: { 204: { description: "It is gone" } },
});

/** Files of live environments. */
export function environmentFileRoutes(): Router {
  const routes = newRouter();

  routes.openapi(list, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const { path, depth } = c.req.valid("query");
    const { entries, more } = unwrap(await handle.listFiles(access, toAbsolute(path), depth, MAX_ENTRIES));
    return c.json({ files: entries.map(toFile), has_more: more }, 200);
  });

  routes.openapi(read, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const path = toAbsolute(c.req.valid("param").path);
    const { status } = unwrap(await handle.statFile(access, path));
    if (!status) throw new ApiError("not_found", `There is no '${path}' in this environment.`);
    if (status.type !== "file") throw new ApiError("conflict", `'${path}' is no file.`);
    const { size, modified } = status;
    const stored = {
      size,
      etag: await entityTag(path, size, modified),
      cacheControl: "private, no-cache, no-transform",
      lastModified: new Date(modified),
      filename: path.slice(path.lastIndexOf("/") + 1),
    };
    return serveFile(c.req.raw, stored, async (range) => {
      const answer = await handle.fetch(toObjectRequest({ kind: "file", access, path, range }));
      if (!answer.ok) throw refusalOf(await answer.json<Refused>());
      return answer.body ?? new Blob([]).stream();
    });
  });

  routes.openapi(write, async (c) => {
    const size = expectSize(c);
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    const path = toAbsolute(c.req.valid("param").path);
    const body = paceBody(c.req.raw.body ?? new Blob([]).stream(), configOf(c));
    const written = await handle.writeFile(access, path, body.stream, size).catch((error: unknown) => {
      throw body.failure ?? error;
    });
    if (body.failure) throw body.failure;
    const { status, created } = unwrap(written);
    return c.json(toFile(status), created ? 201 : 200);
  });

  routes.openapi(remove, async (c) => {
    const { handle, access } = await nameSandbox(c, c.req.valid("param"));
    unwrap(await handle.removeFile(access, toAbsolute(c.req.valid("param").path)));
    return c.body(null, 204);
  });
  return routes;
}

/** Bytes of the body, which have to be known before any of them is stored. */
function expectSize(c: AppContext): number {
  const length = c.req.header("content-length");
  if (length === undefined) throw new ApiError("length_required");
  const size = Number(length);
  const { SANDBOX_FILE_MAX_BYTES: limit } = configOf(c);
  if (size > limit)
    throw new ApiError(
      "body_too_large",
      `A file in one request has ${limit} bytes at most; a larger one comes in parts (…/uploads).`,
    );
  return size;
}
