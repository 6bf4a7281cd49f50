import { z } from "@hono/zod-openapi";
import { workspacePath } from "../admin/fields.ts";
import { ENVIRONMENT_STATES } from "../db/schema.ts";
import { pageFields } from "../http/paging.ts";
import { label, MAX_LABELS } from "../pool/pool-protocol.ts";
import { waitingFor } from "../pool/wait.ts";
import { SANDBOX_KINDS } from "../sandbox/port.ts";

/** What clients of environments send and see (contract A3; seed 002). */

export const ENVIRONMENTS_PATH = "/api/v1/org/{org}/ws/{ws}/environments";
export const ENVIRONMENT_PATH = `${ENVIRONMENTS_PATH}/{environment_id}` as const;

export const environmentPath = workspacePath.extend({
  environment_id: z.uuid().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be201" }),
});

/** A task reference (A1): `[org/]name[@version]`. */
const TASK_REFERENCE =
  /^(?:[a-z0-9][a-z0-9-]{0,62}\/)?[a-z0-9][a-z0-9-]{0,127}(?:@(?:latest|\d{1,9}\.\d{1,9}\.\d{1,9}))?$/;

/** Ids and inputs of one environment at most. */
const MAX_INPUTS = 200;
const MAX_OVERRIDES = 50;
const MAX_SECRETS = 50;

export const newEnvironment = z
  .object({
    task_ref: z
      .string()
      .regex(TASK_REFERENCE, "must be [org/]name[@version]")
      .openapi({ example: "log-triage@1.2.0", description: "The task: `[org/]name[@version]`" }),
    inputs: z
      .record(z.string().regex(/^[\w.-]{1,100}$/, "consists of letters, digits, _ - and ."), z.unknown())
      .refine((inputs) => Object.keys(inputs).length <= MAX_INPUTS, `has more than ${MAX_INPUTS} keys`)
      .nullish()
      .openapi({
        example: { web_url: "https://web.example.com" },
        description: "Values of the instruction's placeholders",
      }),
    project_id: z
      .uuid()
      .nullish()
      .openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be003", description: "A project of this workspace" }),
    secret_ids: z.array(z.string().min(1).max(200)).max(MAX_SECRETS).nullish().openapi({
      example: [],
      description:
        "Ids or names of the organization's secrets, which commands find as variables; needs the scope secret:read",
    }),
    timeout_sec: z.int().min(1).nullish().openapi({
      example: 3600,
      description: "Seconds that it lives; more than the organization's maximum means that",
    }),
    model_overrides: z
      .record(z.string().max(200), z.string().min(1).max(200))
      .refine((overrides) => Object.keys(overrides).length <= MAX_OVERRIDES, `has more than ${MAX_OVERRIDES} keys`)
      .nullish()
      .openapi({ example: { judge: "example/model" }, description: "Role to model id; kept and shown" }),
    sandbox_provider: z
      .enum(SANDBOX_KINDS)
      .nullish()
      .openapi({ example: "embedded", description: "Where commands run; the deployment's default when left out" }),
    runner_labels: z
      .array(label)
      .max(MAX_LABELS)
      .nullish()
      .openapi({ example: [], description: "Labels that the runner has to have, for `sandbox_provider` runner" }),
  })
  .openapi("EnvironmentCreateRequest");

const serviceUrls = z
  .record(
    z.string(),
    z.object({
      url: z.string().openapi({ example: "http://web:8080", description: "As commands of the environment reach it" }),
      port: z.int(),
      urls: z.record(z.string(), z.string()).optional().openapi({ description: "By each port of `ports`" }),
    }),
  )
  .nullable()
  .openapi({ description: "Addresses of the task's services, once it is ready" });

const verification = z.record(z.string(), z.unknown()).nullable().openapi({
  description:
    "The task's verification block when the environment was made; its plaintext `value` is shown to task:write of the owning organization only",
});

const sandboxProvider = z
  .object({
    kind: z.enum(SANDBOX_KINDS),
    description: z.string(),
    linux: z.boolean().openapi({ description: "Whether commands are programs of a Linux machine" }),
    network: z.boolean(),
    services: z.boolean().openapi({ description: "Whether the task's services are started" }),
    streams: z.boolean().openapi({ description: "Whether output comes while a command runs" }),
    terminals: z.boolean().openapi({ description: "Whether commands may have a terminal, or input that stays open" }),
  })
  .openapi("SandboxProvider");

const executeToken = z.string().nullable().openapi({
  description:
    "Opens the sandbox as X-Environment-Token. Shown once, when the environment is made; null in every other answer",
});

export const environmentResponse = z
  .object({
    id: z.uuid(),
    state: z.enum(ENVIRONMENT_STATES),
    task_ref: z.string(),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    execute_token: executeToken,
    service_urls: serviceUrls,
    instruction: z.string().nullable().openapi({ description: "Null in lists where it has more than 20,000 bytes" }),
    error: z.string().nullable().openapi({ description: "Why it failed" }),
    task_verification: verification,
    task: z
      .object({ org_key: z.string(), name: z.string(), version: z.string() })
      .openapi({ description: "What the reference meant when the environment was made" }),
    project_id: z.string().nullable(),
    sandbox_id: z.string().openapi({ description: "The environment's own id: `sandbox_id` of getTaskInstruction" }),
    sandbox_state: z.enum(["running", "paused", "killed"]),
    sandbox_provider: sandboxProvider,
    limits: z
      .object({
        scope: z.enum(["process", "environment"]).openapi({
          description:
            "`environment`: for all processes together. `process`: for each of them, but `processes` for all",
        }),
        memory_bytes: z.int(),
        processes: z.int().nullable().openapi({ description: "Null where their number has no limit" }),
        cpus: z.number().nullable().openapi({ description: "Processors' worth of time; null for all of them" }),
      })
      .nullable()
      .openapi({ description: "What its runner lets it take, once it is ready; null in other sandboxes" }),
    model_overrides: z.record(z.string(), z.string()).nullable(),
    warnings: z
      .array(z.string())
      .openapi({ description: "What this sandbox does not do for the task, and what of the request was ignored" }),
    waiting_for: z.union([waitingFor, z.null()]).openapi({
      description: "What it waits for before it can be provisioned; null when it waits for nothing",
    }),
    ended_at: z.iso.datetime().nullable(),
    end_reason: z.enum(["deleted", "expired"]).nullable(),
  })
  .openapi("EnvironmentResponse");

export type EnvironmentResponse = z.output<typeof environmentResponse>;

export const ENVIRONMENT_EXAMPLE: EnvironmentResponse = {
  id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be201",
  state: "ready",
  task_ref: "log-triage@1.2.0",
  created_at: "2026-11-01T09:30:00.000Z",
  expires_at: "2026-11-01T10:30:00.000Z",
  execute_token: null,
  service_urls: {},
  instruction: "Read /task/access.log and write the id of the failing request to /tmp/answer.",
  error: null,
  task_verification: { method: "script", script: "verify.sh", timeout: 30 },
  task: { org_key: "acme", name: "log-triage", version: "1.2.0" },
  project_id: null,
  sandbox_id: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be201",
  sandbox_state: "running",
  sandbox_provider: {
    kind: "embedded",
    description: "A bash interpreter inside the Worker: no Linux, no network.",
    linux: false,
    network: false,
    services: false,
    streams: false,
    terminals: false,
  },
  limits: null,
  model_overrides: null,
  warnings: [],
  waiting_for: null,
  ended_at: null,
  end_reason: null,
};

export const environmentList = z
  .object({ environments: z.array(environmentResponse), ...pageFields })
  .openapi("EnvironmentListResponse");

export const environmentStatus = z
  .object({
    id: z.uuid(),
    state: z.enum(ENVIRONMENT_STATES),
    expires_at: z.iso.datetime().nullable(),
    error: z.string().nullable(),
    service_urls: serviceUrls,
    instruction: z.string().nullable(),
    task_verification: verification,
    execute_token: executeToken,
    waiting_for: z
      .union([waitingFor, z.null()])
      .openapi({ description: "What it waits for before it can be provisioned" }),
  })
  .openapi("EnvironmentStatusResponse");

export const STATUS_EXAMPLE: z.input<typeof environmentStatus> = {
  id: ENVIRONMENT_EXAMPLE.id,
  state: "ready",
  expires_at: ENVIRONMENT_EXAMPLE.expires_at,
  error: null,
  service_urls: {},
  instruction: ENVIRONMENT_EXAMPLE.instruction,
  task_verification: ENVIRONMENT_EXAMPLE.task_verification,
  execute_token: null,
  waiting_for: null,
};

export const environmentLogs = z.object({ logs: z.string() }).openapi("EnvironmentLogsResponse");

/** Seconds that an extension gives when none are named (A3: keepalive of runtimes). */
const EXTEND_DEFAULT_SECONDS = 300;

export const extension = z
  .object({
    extend_seconds: z.int().min(1).max(86_400).default(EXTEND_DEFAULT_SECONDS).openapi({
      example: EXTEND_DEFAULT_SECONDS,
      description: "Seconds from now on that it lives at least; never fewer than it would have",
    }),
  })
  .openapi("EnvironmentExtendRequest");
