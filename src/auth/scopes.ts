/**
 * What a key may do. `task:write` implies `task:read`, and so on for environments, secrets and evaluations, `admin` all;
 * `runner` lets a machine take the work of its organization and nothing else.
 */
export const SCOPES = [
  "task:read",
  "task:write",
  "environment:read",
  "environment:write",
  "secret:read",
  "secret:write",
  "evaluation:read",
  "evaluation:write",
  "runner",
  "admin",
] as const;

export type Scope = (typeof SCOPES)[number];

const IMPLIED: Partial<Record<Scope, Scope>> = {
  "task:read": "task:write",
  "environment:read": "environment:write",
  "secret:read": "secret:write",
  "evaluation:read": "evaluation:write",
};

/** Whether a key with `held` scopes may do what needs `needed`. */
export function grants(held: readonly string[], needed: Scope): boolean {
  const stronger = IMPLIED[needed];
  return held.includes(needed) || held.includes("admin") || (stronger !== undefined && held.includes(stronger));
}
