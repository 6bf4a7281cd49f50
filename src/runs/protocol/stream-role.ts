import { z } from "@hono/zod-openapi";

/** Who opens a run's stream, or asks for a token that does: one who reads it, or the run's own agent. */
export const streamRole = z.enum(["viewer", "agent"]).default("viewer").openapi({
  example: "viewer",
  description: "`agent` for the run's own agent, over WebSocket; it takes `task:write`",
});
