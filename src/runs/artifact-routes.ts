import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "../http/context.ts";
import { operation } from "../http/operation.ts";
import { refuseInvalid } from "../http/validation.ts";
import { admitAgentToken } from "./agent-access.ts";
import { newArtifacts } from "./artifact-fields.ts";
import { uploadArtifacts } from "./artifact-upload.ts";
import { nameRun, RUN_PATH, runPath } from "./run-path.ts";

const manifest = z
  .object({
    artifacts: z.array(z.record(z.string(), z.unknown())).openapi({ description: "The whole manifest, oldest first" }),
  })
  .openapi("AgentRunManifest");

const upload = operation({
  method: "post",
  path: `${RUN_PATH}/artifacts`,
  operationId: "uploadAgentRunArtifacts",
  tags: ["Agent runs"],
  summary: "Upload artifacts as JSON",
  description:
    "Each has its content as text, or in base64 with `content_encoding`; at most 30 MiB, a PDF of type user_attachment 10 MiB. The answer is the run's whole manifest, to " +
    "which those sent are appended in their order.",
  scope: "task:write",
  admits: admitAgentToken,
  errors: ["not_found"],
  request: {
    params: runPath,
    body: {
      required: true,
      content: {
        "application/json": {
          schema: newArtifacts,
          example: {
            artifacts: [{ name: "plan.md", type: "plan", content: "# Plan\n", content_type: "text/markdown" }],
          },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The manifest",
      content: {
        "application/json": {
          schema: manifest,
          example: {
            artifacts: [
              {
                id: "3f0c2a6be1024c3a9d551f0c2a6be102",
                name: "plan.md",
                type: "plan",
                size: 7,
                content_type: "text/markdown",
                storage_path:
                  "tasks/artifacts/team_1/task_01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101/run_01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102/3f0c2a6b_plan.md",
                uploaded_at: "2026-11-01T09:31:00.000000+00:00",
              },
            ],
          },
        },
      },
    },
  },
});

/** Artifacts of runs (agent-tasks 7.2). */
export function artifactRoutes(): OpenAPIHono<AppEnv> {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });

  routes.openapi(upload, async (c) => {
    const run = await nameRun(c, c.req.valid("param"));
    const { artifacts } = await uploadArtifacts(c.env.ARTIFACTS, run, c.req.valid("json").artifacts);
    return c.json({ artifacts }, 200);
  });

  return routes;
}
