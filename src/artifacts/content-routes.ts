import { type RouteConfig, z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../http/new-router.ts";
import { verifyLink } from "../auth/signed-links.ts";
import { configOf } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { operation } from "../http/operation.ts";
import { serveFile } from "../http/stored-file.ts";
import { CONTENT_PATH, contentNotFound } from "./content-link.ts";
import { storedType } from "./media-type.ts";

/** The bytes of a file; this type lets a route answer with a plain Response. */
export const fileBytes: NonNullable<RouteConfig["responses"]>[string] = {
  description: "The bytes",
  content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
};

const content = operation({
  method: "get",
  path: CONTENT_PATH,
  operationId: "getLinkedArtifactContent",
  tags: ["Agent runs"],
  summary: "Download a file through its signed link",
  description:
    "The link carries its own permission for one hour: no key is needed, and nothing in it can be changed. Ranges and " +
    "conditional requests are answered as for any file. 404 once the content has expired.",
  scope: "none",
  errors: ["forbidden", "artifact_not_found", "range_not_satisfiable", "validation_failed"],
  request: {
    params: z.object({ project_id: z.string().openapi({ example: "1", description: "The project's number" }) }),
    query: z.object({
      key: z.string().openapi({ example: "tasks/artifacts/team_1/task_01a0/run_01a0/3f0c2a6b_plan.md" }),
      name: z.string().openapi({ example: "plan.md" }),
      etag: z.string().openapi({ example: "9b2cf535f27731c974343645a3985328" }),
      disposition: z.enum(["attachment", "inline"]).openapi({ example: "attachment" }),
      // Without one of these it is no link of ours: 403, as for one that was changed.
      expires: z.string().optional().openapi({ example: "1793525400", description: "Seconds since 1970" }),
      kid: z.string().optional().openapi({ example: "2026-11" }),
      signature: z.string().optional().openapi({ example: "wX3k" }),
    }),
  },
  responses: { 200: fileBytes, 206: { ...fileBytes, description: "The range asked for" } },
});

/** What signed links to files lead to. */
export function contentRoutes(): Router {
  const routes = newRouter();

  routes.openapi(content, async (c) => {
    const verdict = await verifyLink(configOf(c).LINK_SIGNING_SECRETS, c.req.raw, new Date());
    if (!verdict.ok) throw new ApiError("forbidden", `This link is ${verdict.reason}.`);
    const { key, name, etag, disposition } = c.req.valid("query");
    const object = await c.env.ARTIFACTS.head(key);
    if (object?.etag !== etag) throw contentNotFound();
    const file = {
      size: object.size,
      etag: object.httpEtag,
      lastModified: object.uploaded,
      filename: name,
      contentType: storedType(object.httpMetadata?.contentType ?? ""),
      disposition,
      cacheControl: "private, no-cache",
    };
    return serveFile(c.req.raw, file, async (range) => {
      const found = await c.env.ARTIFACTS.get(key, { range, onlyIf: { etagMatches: etag } });
      if (!found || !("body" in found)) throw contentNotFound();
      return found.body;
    });
  });

  return routes;
}
