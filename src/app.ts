import { OpenAPIHono } from "@hono/zod-openapi";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { getPath } from "hono/utils/url";
import packageJson from "../package.json" with { type: "json" };
import { adminRoutes } from "./admin/routes.ts";
import { workflowRoutes } from "./files/routes.ts";
import { contentRoutes } from "./artifacts/content-routes.ts";
import { uploadRoutes } from "./artifacts/form-upload-routes.ts";
import { routingPath } from "./http/agent-api/agent-paths.ts";
import { requireClientVersion } from "./http/admission/client-version.ts";
import { consoleRoutes } from "./console/console-routes.ts";
import { environmentRoutes } from "./environments/routes.ts";
import { findSandboxInstruction } from "./environments/sandbox-instruction.ts";
import { evaluationsRoutes } from "./evaluations/routes.ts";
import { answerHeaders } from "./http/answer-headers.ts";

import type { AppEnv } from "./http/context.ts";
import { handleError } from "./http/errors/handle-error.ts";
import { LayeredRouter } from "./http/layered-router.ts";
import { buildOpenApiDocument } from "./http/openapi.ts";
import { requireKnownHost } from "./http/admission/public-origin.ts";
import { requestLog } from "./http/request-log.ts";
import { serviceRoutes } from "./http/service-routes.ts";
import { refuseUnknown } from "./http/errors/unknown-path.ts";
import { refuseInvalid } from "./http/validation.ts";
import { environmentLinkRoutes } from "./environments/environment-link-routes.ts";
import { runnerRoutes } from "./pool/runner-routes.ts";
import { ociRoutes } from "./registry/oci/routes.ts";
import { registryReadRoutes } from "./registry/read/read-routes.ts";
import { registryWriteRoutes } from "./registry/write-routes.ts";
import { agentConnectionRoutes } from "./runs/agent-connection-routes.ts";
import { agentRunRoutes } from "./runs/routes.ts";
import { secretRoutes } from "./secrets/routes.ts";
import { startCloudRun, startTaskRoutes } from "./runs/lifecycle/start-task-routes.ts";
import { streamRoutes } from "./streams/stream-routes.ts";
import { taskSetRoutes } from "./task-sets/task-set-routes.ts";
import { agentTaskRoutes } from "./tasks/routes.ts";
import { webhookRoutes } from "./webhooks/routes.ts";

/** Seconds that clients may keep the OpenAPI document without asking again. */
const DOCUMENT_MAX_AGE_SECONDS = 300;

/** Builds the Worker's routes: plumbing first, then each feature, then what answers for the rest. */
export function buildApp(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: refuseInvalid,
    router: new LayeredRouter(),
    getPath: (request) => routingPath(getPath(request)),
  });
  app.use(requestId({ limitLength: 128 }));
  app.use(requestLog);
  app.use(secureHeaders());
  app.use(requireKnownHost);
  app.use(answerHeaders);
  app.use(requireClientVersion);

  app.route("/", serviceRoutes(packageJson.version));
  app.route("/", consoleRoutes());
  app.route("/", adminRoutes());
  app.route("/", registryReadRoutes(findSandboxInstruction));
  app.route("/", registryWriteRoutes());
  app.route("/", ociRoutes());
  app.route("/", taskSetRoutes());
  app.route("/", environmentRoutes());
  app.route("/", evaluationsRoutes());
  app.route("/", agentTaskRoutes(startCloudRun));
  app.route("/", startTaskRoutes());
  app.route("/", agentRunRoutes());
  app.route("/", agentConnectionRoutes());
  app.route("/", streamRoutes());
  app.route("/", contentRoutes());
  app.route("/", uploadRoutes());
  app.route("/", workflowRoutes());
  app.route("/", webhookRoutes());
  app.route("/", secretRoutes());
  app.route("/", runnerRoutes());
  app.route("/", environmentLinkRoutes());

  let document: string | undefined;
  app.get("/openapi.json", (c) => {
    document ??= JSON.stringify(buildOpenApiDocument(app, packageJson.version));
    return c.body(document, 200, {
      "Content-Type": "application/json",
      "Cache-Control": `public, max-age=${DOCUMENT_MAX_AGE_SECONDS}`,
    });
  });
  app.notFound(refuseUnknown(app.routes.filter((route) => route.method !== "ALL")));
  app.onError(handleError);
  return app;
}
