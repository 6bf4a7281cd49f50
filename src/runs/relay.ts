import { v5, v7 } from "uuid";
import { readConfig } from "../config.ts";
import { connect } from "../db/client.ts";
import type { RunRow } from "../tasks/run-view.ts";
import { isTerminal } from "./run-status.ts";
import type { SlackMessage } from "./slack.ts";
import { findThreadOfRun, type SlackThread } from "./slack-thread-store.ts";

/** What a relay's Workflow is told. */
export type RelayRequest = Omit<SlackMessage, "relayId">;

/** Makes the ids of pull requests' announcements, one for each run and address. */
const PULL_REQUESTS = "6f0b7a3e-5d0f-4c7e-9a53-0f3b7f6f2d41";

/** The thread that a run speaks in; undefined without one, and where Slack is not configured. */
async function threadOf(env: Cloudflare.Env, run: RunRow): Promise<SlackThread | undefined> {
  if (readConfig(env).SLACK_BOT_TOKEN === undefined) return undefined;
  return await findThreadOfRun(connect(env.DB), run, run.id);
}

/**
 * Queues an agent's message for the thread of its run (agent-tasks 8.3) and gives its `relay_id`; undefined when there is
 * nowhere to post it, the run has ended, or `text` is empty. Throws when the message cannot be queued.
 */
export async function queueRelay(
  env: Cloudflare.Env,
  run: RunRow,
  text: string,
  details: RelayRequest["details"],
): Promise<string | undefined> {
  if (text === "" || isTerminal(run.status)) return undefined;
  const thread = await threadOf(env, run);
  if (!thread) return undefined;
  const id = v7();
  await env.RELAY.create({ id, params: { thread, text, details: { ...details, run_id: run.id } } });
  return id;
}

/**
 * Tells a run's thread of the pull request that its output names (agent-tasks 4.2), once for each address. `asked` is
 * what a client has just sent as output.
 */
export async function announcePullRequest(env: Cloudflare.Env, run: RunRow, asked: unknown): Promise<void> {
  const url = pullRequestOf(asked);
  if (url === undefined || url !== pullRequestOf(run.output)) return;
  const thread = await threadOf(env, run);
  if (!thread) return;
  const params: RelayRequest = { thread, text: `Pull request: ${url}`, details: { run_id: run.id } };
  const id = v5(`${run.id} ${url}`, PULL_REQUESTS);
  try {
    await env.RELAY.create({ id, params });
  } catch (error) {
    const announced = await env.RELAY.get(id).catch(() => undefined);
    if (announced === undefined) throw error;
  }
}

function pullRequestOf(output: unknown): string | undefined {
  if (typeof output !== "object" || output === null || !("pr_url" in output)) return undefined;
  return typeof output.pr_url === "string" && output.pr_url !== "" ? output.pr_url : undefined;
}
