import { AGENT_PATHS } from "../errors/families.ts";

const ENVIRONMENTS_ALIAS = /^\/api\/environments\//;

/** The slashes that a path ends in. The look-behind lets a run of slashes be tried once, not once for each of them. */
export const TRAILING_SLASHES = /(?<!\/)\/+$/;

/**
 * The path that routes are matched with: agent tasks' paths without their trailing slash, with `/api/environments/{id}`
 * as `/api/projects/{id}`, and with the `@` of `@me` and `@current` as itself however it was escaped (agent-tasks 1.1).
 * Served directly: a redirect would lose a POST.
 */
export function routingPath(path: string): string {
  if (!AGENT_PATHS.test(path)) return path;
  return path.replace(TRAILING_SLASHES, "").replace(ENVIRONMENTS_ALIAS, "/api/projects/").replaceAll("%40", "@");
}
