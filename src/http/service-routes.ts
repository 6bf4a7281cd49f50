import { z } from "@hono/zod-openapi";
import { newRouter, type Router } from "./new-router.ts";
import { ApiError } from "./errors/error-table.ts";
import { operation } from "./operation.ts";

const health = operation({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  tags: ["Service"],
  summary: "Whether the Worker and its database answer",
  scope: "none",
  errors: [],
  responses: {
    200: {
      description: "Healthy",
      content: {
        "application/json": {
          schema: z.object({ status: z.literal("ok"), version: z.string() }).openapi("Health"),
          example: { status: "ok", version: "0.1.0" },
        },
      },
    },
  },
});

/** The docs page: Swagger UI from this server's own assets; the policy lets nothing load from elsewhere. */
const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Taskyard API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `/health`, `/docs` and its files. */
export function serviceRoutes(version: string): Router {
  const routes = newRouter();
  routes.openapi(health, async (c) => {
    await c.env.DB.prepare("SELECT 1").first();
    return c.json({ status: "ok" as const, version }, 200);
  });
  routes.get("/docs", (c) => c.html(DOCS_PAGE, 200, { "Content-Security-Policy": DOCS_POLICY }));
  routes.get("/docs/:file", async (c) => {
    const file = await c.env.ASSETS.fetch(c.req.raw);
    if (file.status === 404) throw new ApiError("unknown_path");
    return new Response(file.body, file);
  });
  return routes;
}
