import { z } from "zod";

/** What the pool tells of a run (docs/runner.md). */
export const runGrant = z.object({
  project_id: z.int(),
  task_id: z.string(),
  run_id: z.string(),
  attempt: z.int(),
  max_seconds: z.number(),
  /** Bytes of one artifact at most. */
  artifact_max_bytes: z.number(),
  agent_token: z.string(),
  event_token: z.string(),
  task: z.object({
    title: z.string(),
    description: z.string(),
    repository: z.string().nullable(),
    json_schema: z.unknown(),
  }),
  /** Of a run that belongs to an evaluation: what its agent is asked to do, and where. */
  evaluation: z
    .object({
      command: z.string().nullable(),
      env: z.record(z.string(), z.string()),
      model: z.string(),
      environment: z.object({ path: z.string(), token: z.string() }),
    })
    .optional(),
  run: z.object({ branch: z.string().nullable(), state: z.record(z.string(), z.unknown()) }),
});

export type RunGrant = z.output<typeof runGrant>;
