import type { AppContext } from "../http/context.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { newRouter, type Router } from "../http/new-router.ts";

/**
 * What the console's page may do: load what this server has, and nothing else. Styles may stand in the page because
 * xterm.js writes its own there; scripts may not.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob:",
  "media-src blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Files whose names change with their content. */
const ASSETS = "/console/assets/";
const ASSET_CACHING = "public, max-age=31536000, immutable";

/**
 * The console: `/`, the pages below `/console/`, which are one document, and its files (docs/console.md). Nothing of the
 * API begins with `/console`.
 */
export function consoleRoutes(): Router {
  const routes = newRouter();
  routes.get("/", (c) => answerPage(c));
  // `/console` too.
  routes.get("/console/*", async (c) => {
    if (c.req.path.startsWith(ASSETS)) return await answerFile(c, ASSET_CACHING);
    return c.req.path === "/console/icon.svg" ? await answerFile(c, "public, max-age=3600") : await answerPage(c);
  });
  return routes;
}

async function answerFile(c: AppContext, caching: string): Promise<Response> {
  const file = await c.env.ASSETS.fetch(c.req.raw);
  if (file.status === 404) throw new ApiError("unknown_path");
  const answer = new Response(file.body, file);
  if (file.ok) answer.headers.set("Cache-Control", caching);
  return answer;
}

/** The console's document; where it was not built, the way to the docs page. */
async function answerPage(c: AppContext): Promise<Response> {
  const page = await c.env.ASSETS.fetch(new URL("/console/", c.req.url));
  if (page.status === 404) return c.redirect("/docs", 302);
  return new Response(page.body, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-cache",
      "Content-Security-Policy": POLICY,
    },
  });
}
