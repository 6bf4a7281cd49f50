import { configOf } from "../../http/context.ts";
import { newRouter, type Router } from "../../http/new-router.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { operation } from "../../http/operation.ts";
import { admitAgentToken } from "../access/agent-access.ts";
import { checkSizes } from "./artifact-fields.ts";
import { readArtifacts, uploadArtifacts } from "./artifact-upload.ts";
import { finalizeRunUploads, prepareUploads } from "./prepared-upload.ts";
import { resolveRun, RUN_PATH, runPath, unwrap } from "../access/run-path.ts";
import { finalizeBody, itemsAnswer, prepareBody, preparedAnswer } from "./prepared-upload-schemas.ts";

const upload = operation({
  method: "post",
  path: `${RUN_PATH}/artifacts`,
  operationId: "uploadAgentRunArtifacts",
  bodyLimit: (config) => config.RUN_ARTIFACTS_BODY_MAX_BYTES,
  tags: ["Agent runs"],
  summary: "Upload artifacts as JSON",
  description:
    "Each has its content as text, or in base64 with `content_encoding`; at most 30 MiB, a PDF of type user_attachment 10 MiB, " +
    "unless the server is set otherwise. The answer is the run's whole manifest, to which those sent are appended in " +
    "their order.",
  scope: "task:write",
  admits: admitAgentToken,
  isRepeatable: true,
  errors: ["not_found", "validation_failed", "malformed_json", "unsupported_media_type", "body_too_large"],
  request: {
    params: runPath,
    body: {
      required: true,
      content: {
        "application/json": {
          // A plain schema: long contents are read from the bytes, which a validator would hold several times.
          schema: {
            type: "object",
            required: ["artifacts"],
            properties: { artifacts: { type: "array", minItems: 1, items: { type: "object" } } },
          },
          example: {
            artifacts: [{ name: "plan.md", type: "plan", content: "# Plan\n", content_type: "text/markdown" }],
          },
        },
      },
    },
  },
  responses: { 200: itemsAnswer("The manifest, oldest first") },
});

const prepare = operation({
  method: "post",
  path: `${RUN_PATH}/artifacts/prepare_upload`,
  operationId: "prepareAgentRunUploads",
  tags: ["Agent runs"],
  summary: "Prepare uploads of artifacts",
  description:
    "For each a form to post the bytes with, without a key and within an hour. The artifact is in the manifest once the " +
    "upload is finalized; one that never is leaves nothing behind.",
  scope: "task:write",
  admits: admitAgentToken,
  errors: ["not_found", "request_refused"],
  request: { params: runPath, body: prepareBody },
  responses: { 200: preparedAnswer },
});

const finalize = operation({
  method: "post",
  path: `${RUN_PATH}/artifacts/finalize_upload`,
  operationId: "finalizeAgentRunUploads",
  tags: ["Agent runs"],
  summary: "Take uploads into the manifest",
  description:
    "All of them or, where one is refused, none. Name, type and the rest are those that were prepared. Repeating it " +
    "changes nothing and has the same answer.",
  scope: "task:write",
  admits: admitAgentToken,
  errors: ["not_found", "request_refused"],
  request: { params: runPath, body: finalizeBody },
  responses: { 200: itemsAnswer("The artifacts of these uploads") },
});

/** Artifacts of runs on their way in (agent-tasks 7.2, 7.4). */
export function artifactRoutes(): Router {
  const routes = newRouter();

  routes.openapi(upload, async (c) => {
    if (!c.req.header("content-type")?.toLowerCase().includes("json")) throw new ApiError("unsupported_media_type");
    const sent = await readArtifacts(c);
    const { artifacts } = await uploadArtifacts(c, await resolveRun(c, c.req.valid("param")), sent);
    return c.json({ artifacts }, 200);
  });

  routes.openapi(prepare, async (c) => {
    const announced = c.req.valid("json").artifacts;
    checkSizes(configOf(c), announced);
    const { scope, runId, handle } = await resolveRun(c, c.req.valid("param"));
    unwrap(await handle.read(scope));
    return c.json({ artifacts: await prepareUploads(c, scope, runId, announced) }, 200);
  });

  routes.openapi(finalize, async (c) => {
    const uploaded = c.req.valid("json").artifacts;
    const run = await resolveRun(c, c.req.valid("param"));
    return c.json({ artifacts: await finalizeRunUploads(c, run, uploaded) }, 200);
  });

  return routes;
}
