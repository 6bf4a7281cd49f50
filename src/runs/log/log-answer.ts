import type { RouteConfig } from "@hono/zod-openapi";

/** What the answers with entries of a log have in common. */

export const ENTRY_EXAMPLE = {
  type: "notification",
  timestamp: "2026-11-01T09:31:00.000Z",
  notification: { jsonrpc: "2.0", method: "_posthog/console", params: { level: "info", message: "Cloning" } },
};

/** An answer whose bytes are made elsewhere: this type lets its route answer with a plain Response. */
export type StoredBytes = NonNullable<RouteConfig["responses"]>[string];

/** What a client's developer tools show of the time that the run took (1.1 "Extra headers"). */
export function serverTiming(step: string, startedAt: number): string {
  return `${step};dur=${Date.now() - startedAt}`;
}
