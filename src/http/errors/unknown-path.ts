import { TrieRouter } from "hono/router/trie-router";
import type { AppContext } from "../context.ts";
import { ApiError } from "./error-table.ts";
import { declaredFamily } from "./request-family.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/**
 * Answers what no route took: 405 with Allow where the path exists under another method, else 404. `routes` are the
 * app's operations as Hono patterns.
 */
export function refuseUnknown(routes: readonly { method: string; path: string; handler: object }[]) {
  const router = new TrieRouter<object>();
  for (const { method, path, handler } of routes) router.add(method.toUpperCase(), path, handler);
  const handlersOf = (method: string, path: string) =>
    router.match(method === "HEAD" ? "GET" : method, path)[0].map(([handler]) => handler);

  return (c: AppContext): Response => {
    const methods = METHODS.filter((method) => handlersOf(method, c.req.path).length > 0);
    if (methods.length === 0) throw new ApiError("unknown_path");
    c.set("errorFamily", declaredFamily(methods.flatMap((method) => handlersOf(method, c.req.path))));
    throw new ApiError("method_not_allowed", `Method "${c.req.method}" not allowed.`, {
      headers: { Allow: methods.join(", ") },
    });
  };
}
