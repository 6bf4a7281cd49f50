import { readEnvironmentToken } from "../auth/run-tokens.ts";
import { type AppContext, configOf } from "../http/context.ts";
import type { Admission } from "../http/authenticate.ts";
import { limitRate } from "../http/admission/rate-limit.ts";
import { ApiError } from "../http/errors/error-table.ts";

/** JSON Web Tokens have three parts, API keys have none. */
const BEARER_TOKEN = /^Bearer\s+([\w-]+\.[\w-]+\.[\w-]+)$/i;

async function admitByAgentToken(c: AppContext): Promise<boolean> {
  const [, token] = BEARER_TOKEN.exec(c.req.header("authorization")?.trim() ?? "") ?? [];
  if (token === undefined) return false;
  const read = await readEnvironmentToken(configOf(c).RUN_TOKEN_PRIVATE_KEY, token);
  if (!read) return false;
  const { run, environment } = read;
  await limitRate(c, `run:${run.runId}`);
  const isPath =
    c.req.param("org") === environment.organizationKey &&
    c.req.param("ws") === environment.workspaceKey &&
    c.req.param("environment_id")?.toLowerCase() === environment.id;
  if (!isPath) throw new ApiError("forbidden", "This token is of an agent of another environment.");
  c.set("tokenRun", run);
  c.set("tokenEnvironment", environment);
  return true;
}

/**
 * Lets the agent of an evaluation into the environment of its item, by the token of its run in place of a key
 * (docs/evaluations.md). The environment's own token is asked for besides.
 */
export const admitEvaluationAgent: Admission = { runToken: "environment", admit: admitByAgentToken };
