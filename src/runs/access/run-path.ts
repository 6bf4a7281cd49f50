import { z } from "@hono/zod-openapi";
import type { TokenRun } from "../../auth/run-tokens.ts";
import { integerField } from "../../http/agent-api/agent-fields.ts";
import { type AppContext, callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { findProjectNumber, notFound, readProject } from "../../tasks/project.ts";
import type { RunRow } from "../model/run-view.ts";
import { openRun, type RunHandle } from "./run-handle.ts";
import type { JournalFull, NotFound, RunScope, TooLarge } from "../model/run-outcome.ts";
import { findOrganization } from "./run-store.ts";

/** The path of a task's runs, and of everything about one run. */
export const RUNS_PATH = "/api/projects/{project_id}/tasks/{task_id}/runs";
export const RUN_PATH = `${RUNS_PATH}/{run_id}` as const;

/** The parameters of RUNS_PATH. */
export const runsPath = z.object({
  project_id: z.string().openapi({ example: "@current", description: "The project's number or id, or `@current`" }),
  task_id: z.string().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101" }),
});

/** The parameters of RUN_PATH. */
export const runPath = runsPath.extend({
  run_id: z.string().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be102" }),
});

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** An id of a path, in lower case; what is no UUID is 404 like one that is unknown (1.1 "Ids"). */
export function readUuid(segment: string): string {
  if (!UUID.test(segment)) throw notFound();
  return segment.toLowerCase();
}

/** `?attempt=` of whoever reads what one attempt at a run has left. */
export const attemptField = integerField({ min: 1 }).openapi({
  example: 2,
  description: "Only what belongs to this attempt; `state.attempt` is the present one. 404 for one that there was not",
});

/** A run that a path names: its object, and whose run the path says it is. */
export interface ResolvedRun {
  runId: string;
  handle: RunHandle;
  scope: RunScope;
}

/** The run that the path names, or the token that let the request in; its object tells whether it is there. */
export async function resolveRun(c: AppContext, path: z.output<typeof runPath>): Promise<ResolvedRun> {
  const token = c.get("tokenRun");
  if (token) return nameTokenRun(c, token);
  const project = readProject(callerOf(c), path.project_id);
  const [taskId, runId] = [readUuid(path.task_id), readUuid(path.run_id)];
  const projectNumber = await findProjectNumber(databaseOf(c), project);
  const scope = { organizationId: project.organizationId, projectNumber, taskId };
  return { runId, handle: openRun(c.env, runId), scope };
}

async function nameTokenRun(c: AppContext, { runId, taskId, projectNumber }: TokenRun): Promise<ResolvedRun> {
  const organizationId = await findOrganization(databaseOf(c), projectNumber);
  if (organizationId === undefined) throw notFound();
  return { runId, handle: openRun(c.env, runId), scope: { organizationId, projectNumber, taskId } };
}

/** The run that the path names, as it is now; 404 for one that is not there. */
export async function readRun(c: AppContext, path: z.output<typeof runPath>): Promise<RunRow> {
  const { handle, scope } = await resolveRun(c, path);
  return unwrap(await handle.read(scope)).run;
}

/** What a call of a run brought; throws what it failed with as the API shows it. */
export function unwrap<T extends { ok: true }>(outcome: T | NotFound | TooLarge | JournalFull): T {
  if (outcome.ok) return outcome;
  if (outcome.reason === "not_found") throw notFound();
  if (outcome.reason === "journal_full") {
    throw new ApiError("body_too_large", "The journal of this run is full: it takes no more entries.");
  }
  throw new ApiError("body_too_large", "The run's output, state and artifacts would be larger than a run can hold.");
}
