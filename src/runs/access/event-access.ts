import { readIngestToken } from "../../auth/run-tokens.ts";
import { type AppContext, configOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import type { Admission } from "../../http/authenticate.ts";
import { addressOf, limitRate } from "../../http/admission/rate-limit.ts";
import { presentedToken, tokenNamesPath } from "./stream-access.ts";

async function admitByIngestToken(c: AppContext): Promise<boolean> {
  const token = presentedToken(c);
  if (token === undefined) return false;
  const run = await readIngestToken(configOf(c).RUN_TOKEN_PRIVATE_KEY, token);
  if (!run) {
    await limitRate(c, `address:${addressOf(c)}`);
    throw new ApiError("key_invalid", "This token sends no events: it is expired, or for something else.", {
      headers: { "WWW-Authenticate": 'Bearer realm="taskyard"' },
    });
  }
  await limitRate(c, `run:${run.runId}`);
  if (!tokenNamesPath(run, c)) throw new ApiError("forbidden", "This token sends the events of another run.");
  c.set("tokenRun", run);
  return true;
}

/**
 * Lets a request in by the token that a run's sandbox sends events with (agent-tasks 9), in place of a key. What looks
 * like a token is judged as one: 401 for one that is forged, expired or for something else, 403 for another run's.
 */
export const admitIngestToken: Admission = { runToken: "events", admit: admitByIngestToken };
