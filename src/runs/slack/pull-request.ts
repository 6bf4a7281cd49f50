import { v5 } from "uuid";
import type { AppContext } from "../../http/context.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type { RunRow } from "../model/run-view.ts";
import { type RelayRequest, threadOf } from "./relay.ts";

/** Makes the ids of announcements, one for each run and address. */
const ANNOUNCEMENTS = "6f0b7a3e-5d0f-4c7e-9a53-0f3b7f6f2d41";

/**
 * Tells a run's thread of the pull request in its output, once for each address (agent-tasks 4.2). `sent` is the output
 * that the client has just sent; the answer to it does not wait.
 */
export function announcePullRequest(c: AppContext, run: RunRow, sent: unknown): void {
  const url = pullRequestOf(sent);
  if (url === undefined || url !== pullRequestOf(run.output)) return;
  c.executionCtx.waitUntil(
    announce(c.env, run, url).catch((error: unknown) => logBackgroundFailure("announcePullRequest", error)),
  );
}

function pullRequestOf(output: unknown): string | undefined {
  if (typeof output !== "object" || output === null || !("pr_url" in output)) return undefined;
  return typeof output.pr_url === "string" && output.pr_url !== "" ? output.pr_url : undefined;
}

async function announce(env: Cloudflare.Env, run: RunRow, url: string): Promise<void> {
  const thread = await threadOf(env, run);
  if (!thread) return;
  const id = v5(`${run.id} ${url}`, ANNOUNCEMENTS);
  const params: RelayRequest = { thread, text: `Pull request: ${url}`, details: { run_id: run.id } };
  try {
    await env.RELAY.create({ id, params });
  } catch (error) {
    const announced = await env.RELAY.get(id).catch(() => undefined);
    if (announced === undefined) throw error;
  }
}
