import { readAgentToken } from "../../auth/run-tokens.ts";
import { type AppContext, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import type { Admission } from "../../http/authenticate.ts";
import { limitRate } from "../../http/admission/rate-limit.ts";
import { presentedToken, tokenNamesPath } from "./stream-access.ts";

async function admitByAgentToken(c: AppContext): Promise<boolean> {
  const token = presentedToken(c);
  if (token === undefined) return false;
  const run = await readAgentToken(configOf(c).RUN_TOKEN_PRIVATE_KEY, token);
  if (!run) return false;
  await limitRate(c, `run:${run.runId}`);
  if (!tokenNamesPath(run, c)) throw new ApiError("forbidden", "This token is of another run's agent.");
  c.set("tokenRun", run);
  return true;
}

/** Lets a run's agent in, by the token that its runner was given with the run, in place of a key: to this run alone. */
export const admitAgentToken: Admission = { runToken: "agent", admit: admitByAgentToken };
