import { TrieRouter } from "hono/router/trie-router";
import type { AppContext } from "../context.ts";
import { ApiError } from "./error-table.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/**
 * Answers what no route took: 405 with Allow where the path exists under another method, else 404. `routes` are the
 * app's operations as Hono patterns.
 */
export function refuseUnknown(routes: readonly { method: string; path: string }[]) {
  const router = new TrieRouter<true>();
  for (const { method, path } of routes) router.add(method.toUpperCase(), path, true);
  const allowed = (path: string) =>
    METHODS.filter((method) => router.match(method === "HEAD" ? "GET" : method, path)[0].length > 0);

  return (c: AppContext): Response => {
    const methods = allowed(c.req.path);
    if (methods.length === 0) throw new ApiError("unknown_path");
    throw new ApiError("method_not_allowed", `Method "${c.req.method}" not allowed.`, {
      headers: { Allow: methods.join(", ") },
    });
  };
}
