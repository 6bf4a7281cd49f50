import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "../../http/new-router.ts";
import { contentNotFound, LINK_LIFE_SECONDS, linkToContent } from "../../artifacts/content-link.ts";
import { fileBytes } from "../../artifacts/content-routes.ts";
import { MANIFEST_ITEM_EXAMPLE } from "../../artifacts/artifact-manifest-schema.ts";
import { storedType } from "../../artifacts/media-type.ts";
import type { ManifestItem } from "../../db/agent-schema.ts";
import { choiceField } from "../../http/agent-api/agent-fields.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { contentHeaders } from "../../http/stored-file.ts";
import { admitAgentToken } from "../access/agent-access.ts";
import { storagePath } from "./artifact-fields.ts";
import { readChain } from "../access/run-chain.ts";
import { readRun, RUN_PATH, runPath } from "../access/run-path.ts";

const disposition = choiceField(["attachment", "inline"], {}).openapi({
  example: "attachment",
  description: "`inline` to show the file in place, where its type is one that cannot run",
});

const presign = operation({
  method: "post",
  path: `${RUN_PATH}/artifacts/presign`,
  operationId: "presignAgentRunArtifact",
  tags: ["Agent runs"],
  summary: "Make a download link of an artifact",
  description: "The link needs no key. Only what stands in the run's own manifest has one.",
  scope: "task:read",
  admits: admitAgentToken,
  errors: ["not_found", "artifact_not_found", "request_refused"],
  request: {
    params: runPath,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.object({ storage_path: storagePath, disposition }).openapi("AgentRunArtifactPresign"),
          example: { storage_path: MANIFEST_ITEM_EXAMPLE.storage_path },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The link",
      content: {
        "application/json": {
          schema: z.object({ url: z.url(), expires_in: z.int() }).openapi("AgentRunArtifactLink"),
          example: {
            url: "https://taskyard.example/api/projects/1/artifact_content?key=tasks%2Fartifacts%2F…&signature=wX3k",
            expires_in: LINK_LIFE_SECONDS,
          },
        },
      },
    },
  },
});

const download = operation({
  method: "post",
  path: `${RUN_PATH}/artifacts/download`,
  operationId: "downloadAgentRunArtifact",
  tags: ["Agent runs"],
  summary: "Download an artifact by its storage path",
  description: "It is looked for in the manifest of the run, then in those of the runs that it resumes.",
  scope: "task:read",
  admits: admitAgentToken,
  errors: ["not_found", "artifact_not_found"],
  request: {
    params: runPath,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.object({ storage_path: storagePath }).openapi("AgentRunArtifactPath"),
          example: { storage_path: MANIFEST_ITEM_EXAMPLE.storage_path },
        },
      },
    },
  },
  responses: { 200: fileBytes },
});

const follow = operation({
  method: "get",
  path: `${RUN_PATH}/artifacts/{artifact_id}/download`,
  operationId: "followAgentRunArtifact",
  tags: ["Agent runs"],
  summary: "Download an artifact by its id",
  scope: "task:read",
  admits: admitAgentToken,
  errors: ["not_found", "artifact_not_found", "request_refused"],
  request: {
    params: runPath.extend({ artifact_id: z.string().openapi({ example: MANIFEST_ITEM_EXAMPLE.id }) }),
    query: z.object({ disposition }),
  },
  responses: { 302: { description: "To the artifact's content, with a link that needs no key" } },
});

/** What a link needs to know of an artifact. */
function linked(projectNumber: number, { storage_path, name, content_type }: ManifestItem) {
  return { projectNumber, storagePath: storage_path, name, contentType: content_type };
}

/** Artifacts of runs on their way out (agent-tasks 7.3, 7.4). */
export function artifactDownloadRoutes(): Router {
  const routes = newRouter();

  routes.openapi(presign, async (c) => {
    const { storage_path, disposition } = c.req.valid("json");
    const { artifacts, projectNumber } = await readRun(c, c.req.valid("param"));
    const item = artifacts.find((artifact) => artifact.storage_path === storage_path);
    if (!item) throw new ApiError("artifact_not_found");
    const { url } = await linkToContent(c, linked(projectNumber, item), disposition);
    return c.json({ url, expires_in: LINK_LIFE_SECONDS }, 200);
  });

  routes.openapi(download, async (c) => {
    const { storage_path } = c.req.valid("json");
    const run = await readRun(c, c.req.valid("param"));
    for await (const { artifacts } of readChain(c.env, run)) {
      const item = artifacts.find((artifact) => artifact.storage_path === storage_path);
      if (!item) continue;
      const object = await c.env.ARTIFACTS.get(storage_path);
      if (!object) throw contentNotFound();
      const headers = contentHeaders({ filename: item.name, contentType: storedType(item.content_type) });
      headers.set("Cache-Control", "no-cache");
      return new Response(object.body, { headers });
    }
    throw new ApiError("artifact_not_found");
  });

  routes.openapi(follow, async (c) => {
    const { artifact_id, ...path } = c.req.valid("param");
    const { artifacts, projectNumber } = await readRun(c, path);
    const item = artifacts.find(({ id }) => id === artifact_id);
    if (!item) throw new ApiError("artifact_not_found");
    const { url } = await linkToContent(c, linked(projectNumber, item), c.req.valid("query").disposition);
    c.header("Cache-Control", "no-store");
    return c.redirect(url, 302);
  });

  return routes;
}
