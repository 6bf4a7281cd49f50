import { z } from "@hono/zod-openapi";
import { manifestItem } from "../../artifacts/artifact-manifest-schema.ts";
import { RUN_STATUSES } from "../../db/agent-schema.ts";
import { waitingFor } from "../../pool/wait.ts";

export const ENVIRONMENTS = ["local", "cloud"] as const;

const wireTime = z.string().openapi({ format: "date-time" });

/** A run as agent clients see it (agent-tasks 2.2). */
export const run = z
  .object({
    id: z.uuid(),
    task: z.uuid().openapi({ description: "The task's id" }),
    stage: z.string().nullable(),
    branch: z.string().nullable(),
    status: z.enum(RUN_STATUSES),
    environment: z.enum(ENVIRONMENTS),
    log_url: z.url().nullable().openapi({
      description: "The whole log as JSON lines, readable without credentials for one hour",
    }),
    error_message: z.string().nullable(),
    output: z.unknown().openapi({ description: "Any JSON or null; usually an object with `pr_url`" }),
    state: z.record(z.string(), z.unknown()),
    artifacts: z.array(manifestItem).openapi({ description: "The manifest of uploaded artifacts, oldest first" }),
    created_at: wireTime,
    updated_at: wireTime.openapi({ description: "Strictly increases with every change" }),
    completed_at: wireTime.nullable().openapi({ description: "When the run first reached a terminal status" }),
    runtime_adapter: z.string().nullable(),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    reasoning_effort: z.string().nullable(),
    waiting_for: waitingFor.optional().openapi({ description: "Why a queued run is with no runner yet; only then" }),
  })
  .openapi("AgentRun");

export type WireRun = z.output<typeof run>;

export const RUN_EXAMPLE: WireRun = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102",
  task: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101",
  stage: null,
  branch: "fix/login",
  status: "queued",
  environment: "cloud",
  log_url:
    "https://taskyard.example/api/projects/1/tasks/01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101/runs/01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102/log.jsonl?expires=1793525400&kid=2026-11&signature=wX3k",
  error_message: null,
  output: null,
  state: { mode: "background" },
  artifacts: [],
  created_at: "2026-11-01T09:30:00.000000Z",
  updated_at: "2026-11-01T09:30:00.000000Z",
  completed_at: null,
  runtime_adapter: null,
  provider: null,
  model: null,
  reasoning_effort: null,
};
