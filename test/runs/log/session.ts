import { env } from "cloudflare:workers";
import { createRunClient, type RunClient } from "../run-client.ts";

/** A client with a task and a run in progress, and where they are below its tasks. */
export interface RunSession extends RunClient {
  taskPath: string;
  runPath: string;
}

/** Makes a task and a run of it; `fields` say more about the run. */
export async function createRunSession(fields: object = {}): Promise<RunSession> {
  const client = await createRunClient({ run: { status: "in_progress", ...fields } });
  const taskPath = `/${client.taskId}`;
  return { ...client, taskPath, runPath: `${taskPath}/runs/${client.runId}` };
}

/** A request as an agent's server got it. */
interface AgentRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** An agent's server of the outside world that behaves as told (test/outside/agent-server.ts). */
export function agentServer(behaviour: string) {
  const url = `${env.TEST_OUTSIDE_URL}/agents/${behaviour}/${crypto.randomUUID()}`;
  const requests = async (path = `${url}/command`): Promise<AgentRequest[]> => (await fetch(path)).json();
  return { url, requests };
}

/** A channel of the outside world's Slack (test/outside/slack.ts). */
export function slackChannel() {
  const name = `C${crypto.randomUUID().replaceAll("-", "").toUpperCase()}`;
  const address = `${env.TEST_OUTSIDE_URL}/slack/channel/${name}`;
  const behave = async (rules: { script?: string[]; readable?: boolean }) => {
    await (await fetch(address, { method: "PUT", body: JSON.stringify(rules) })).text();
  };
  return { name, behave, happened: async (): Promise<ChannelHistory> => (await fetch(address)).json() };
}

interface ChannelHistory {
  messages: {
    text: string;
    thread_ts: string;
    metadata: { event_type: string; event_payload: Record<string, string> };
  }[];
  posts: { authorization: string }[];
  lookups: string[];
}
