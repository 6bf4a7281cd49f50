import { z } from "@hono/zod-openapi";

/** An artifact as clients see it in a run's manifest (agent-tasks 7.1). */
export const manifestItem = z
  .object({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    source: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    size: z.int().openapi({ description: "Bytes" }),
    content_type: z.string().openapi({ description: "As it was sent, which may be empty" }),
    storage_path: z.string(),
    uploaded_at: z.string().openapi({ format: "date-time" }),
    uploaded_by: z.enum(["agent", "user"]),
    uploaded_by_user_id: z.int().optional(),
    expires_at: z
      .string()
      .optional()
      .openapi({ format: "date-time", description: "From then on its content is gone; absent where it is kept" }),
  })
  .openapi("AgentRunArtifact");

export const MANIFEST_ITEM_EXAMPLE = {
  id: "3f0c2a6be1024c3a9d551f0c2a6be102",
  name: "plan.md",
  type: "plan",
  size: 7,
  content_type: "text/markdown",
  storage_path:
    "tasks/artifacts/team_1/task_01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101/run_01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102/3f0c2a6b_plan.md",
  uploaded_at: "2026-11-01T09:31:00.000000+00:00",
  uploaded_by: "agent" as const,
  uploaded_by_user_id: 1,
  expires_at: "2026-12-01T09:31:00.000000+00:00",
};
