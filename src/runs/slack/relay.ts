import { v7 } from "uuid";
import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import type { RunRow } from "../model/run-view.ts";
import { isTerminal } from "../model/run-status.ts";
import type { SlackMessage } from "./slack.ts";
import { findThreadOfRun, type SlackThread } from "./slack-thread-store.ts";

/** What a relay's Workflow is told. */
export type RelayRequest = Omit<SlackMessage, "relayId">;

/** The thread that a run speaks in; undefined without one, and where Slack is not configured. */
export async function threadOf(env: Cloudflare.Env, run: RunRow): Promise<SlackThread | undefined> {
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
