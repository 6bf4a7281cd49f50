import { readStreamToken, type TokenRun } from "../auth/run-tokens.ts";
import { type AppContext, configOf, databaseOf } from "../http/context.ts";
import { limitRate } from "../http/rate-limit.ts";
import { notFound } from "../tasks/project.ts";
import { openRun } from "./run-handle.ts";
import { nameRun, readUuid, type NamedRun } from "./run-path.ts";
import { findOrganization } from "./run-store.ts";

/** The query parameter for clients that cannot send headers: a browser's EventSource and WebSocket. */
export const STREAM_TOKEN_QUERY = "stream_token";

/** JSON Web Tokens have three parts, API keys have none. */
const BEARER_TOKEN = /^Bearer\s+([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** What a request has as Bearer that looks like a token and not like a key. */
export function presentedToken(c: AppContext): string | undefined {
  const [, token] = BEARER_TOKEN.exec(c.req.header("authorization")?.trim() ?? "") ?? [];
  return token;
}

/** Whether a token is for the run of the path, whose project is its number or `@current`. */
export function tokenNamesPath(run: TokenRun, c: AppContext): boolean {
  const project = c.req.param("project_id");
  return (
    (project === "@current" || project === String(run.projectNumber)) &&
    readUuid(c.req.param("task_id") ?? "") === run.taskId &&
    readUuid(c.req.param("run_id") ?? "") === run.runId
  );
}

/**
 * Lets a request in by a stream token (agent-tasks 9) in place of a key. Only such a token is taken from a URL: it reads
 * one run's stream, for ten minutes. With one that is not for this run the request needs a key.
 */
export async function admitStreamToken(c: AppContext): Promise<boolean> {
  const token = presentedToken(c) ?? c.req.query(STREAM_TOKEN_QUERY);
  if (token === undefined) return false;
  const run = await readStreamToken(configOf(c).RUN_TOKEN_PRIVATE_KEY, token);
  if (!run || !tokenNamesPath(run, c)) return false;
  await limitRate(c, `run:${run.runId}`);
  c.set("tokenRun", run);
  return true;
}

/** The run whose stream is asked for: the token's, or the one that the key's owner names. */
export async function nameStream(c: AppContext, path: Parameters<typeof nameRun>[1]): Promise<NamedRun> {
  const run = c.get("tokenRun");
  if (!run) return nameRun(c, path);
  const { runId, taskId, projectNumber } = run;
  const organizationId = await findOrganization(databaseOf(c), projectNumber);
  if (organizationId === undefined) throw notFound();
  return { runId, handle: openRun(c.env, runId), scope: { organizationId, projectNumber, taskId } };
}
