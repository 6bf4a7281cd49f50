import { z } from "@hono/zod-openapi";
import { callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { operation } from "../../http/operation.ts";
import { taskPath } from "../registry-schemas.ts";
import { isTask, listTags } from "./manifest-store.ts";
import { digest, type Place, tagList, TAGS_PAGE } from "./oci-operations.ts";

const INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

const link = { Link: { schema: { type: "string" as const }, description: "Where the next page is, if there is one" } };

/** What there is of a task: its tags, and what refers to a manifest, which is nothing. */
export function tagRoutes({ prefix, tag, idOf }: Place): Router {
  const routes = newRouter();

  const list = operation({
    method: "get",
    path: `${prefix}/{org}/{name}/tags/list`,
    operationId: idOf("listTags"),
    tags: [tag],
    summary: "List the versions of a task that were pushed this way",
    description: "In the order of their names as text. A task that has none is 404.",
    scope: "task:read",
    errors: ["validation_failed", "name_unknown"],
    request: { params: taskPath, query: TAGS_PAGE },
    responses: {
      200: {
        description: "The tags",
        headers: link,
        content: { "application/json": { schema: tagList, example: { name: "acme/log-triage", tags: ["1.2.0"] } } },
      },
    },
  });

  const referrers = operation({
    method: "get",
    path: `${prefix}/{org}/{name}/referrers/{digest}`,
    operationId: idOf("listReferrers"),
    tags: [tag],
    summary: "List what refers to a manifest: nothing, since no manifest with a subject is taken",
    scope: "task:read",
    errors: ["validation_failed", "name_unknown"],
    request: { params: taskPath.extend({ digest }) },
    responses: {
      200: {
        description: "An index without manifests",
        content: {
          [INDEX_TYPE]: {
            schema: z
              .object({
                schemaVersion: z.literal(2),
                mediaType: z.literal(INDEX_TYPE),
                manifests: z.array(z.record(z.string(), z.unknown())),
              })
              .openapi("OciReferrers"),
            example: { schemaVersion: 2 as const, mediaType: INDEX_TYPE, manifests: [] },
          },
        },
      },
    },
  });

  routes.openapi(list, async (c) => {
    const { org, name } = c.req.valid("param");
    const { n, last } = c.req.valid("query");
    const found = await listTags(databaseOf(c), callerOf(c), { org, name }, { last, limit: n + 1 });
    if (found.length === 0 && last === "") throw nameUnknown(org, name);
    const tags = found.slice(0, n);
    const end = tags.at(-1);
    const next = `${prefix}/${org}/${name}/tags/list?n=${n}&last=${end}`;
    const hasNext = found.length > n && end !== undefined;
    return c.json({ name: `${org}/${name}`, tags }, 200, hasNext ? { Link: `<${next}>; rel="next"` } : {});
  });

  routes.openapi(referrers, async (c) => {
    const { org, name } = c.req.valid("param");
    if (!(await isTask(databaseOf(c), callerOf(c), { org, name }))) throw nameUnknown(org, name);
    const index = { schemaVersion: 2 as const, mediaType: INDEX_TYPE as typeof INDEX_TYPE, manifests: [] };
    return c.json(index, 200, { "Content-Type": INDEX_TYPE });
  });

  return routes;
}

function nameUnknown(org: string, name: string): ApiError {
  return new ApiError("name_unknown", `No task '${org}/${name}' that was pushed this way.`);
}
