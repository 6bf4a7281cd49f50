const AGENT_PATH = /^\/api\/(?:projects|environments|users|personal_api_keys)(?:\/|$)/;
const ENVIRONMENTS_ALIAS = /^\/api\/environments\//;

/**
 * The path that routes are matched with: agent tasks' paths without their trailing slash, and with
 * `/api/environments/{id}` as `/api/projects/{id}` (agent-tasks 1.1). Served directly: a redirect would lose a POST.
 */
export function routingPath(path: string): string {
  if (!AGENT_PATH.test(path)) return path;
  return path.replace(/\/+$/, "").replace(ENVIRONMENTS_ALIAS, "/api/projects/");
}
