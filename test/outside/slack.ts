import type { Player } from "./world.ts";

/** What Slack is to do with a post: take it, or one of its failures; `lost` ones are taken and the answer is not. */
export type SlackScript = "ok" | "status-500" | "lost-status-500" | "lost-connection" | "limited" | (string & {});

interface StoredMessage {
  ts: string;
  thread_ts: string;
  text: string;
  metadata: { event_type: string; event_payload: Record<string, string> };
}

/** A channel: what it is to do with posts to come, what was posted, how often it was read. */
interface Channel {
  script: SlackScript[];
  /** Whether the app may read it. */
  readable: boolean;
  messages: StoredMessage[];
  posts: { authorization: string | undefined; time: number }[];
  lookups: string[];
}

const channels = new Map<string, Channel>();

function channelOf(name: string): Channel {
  const known = channels.get(name);
  if (known) return known;
  const made: Channel = { script: [], readable: true, messages: [], posts: [], lookups: [] };
  channels.set(name, made);
  return made;
}

const answer = (response: Parameters<Player>[1], body: object, status = 200, headers = {}) =>
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));

const post: Player = (request, response) => {
  const { channel: name, ...message }: StoredMessage & { channel: string } = JSON.parse(request.body);
  const channel = channelOf(name);
  channel.posts.push({ authorization: request.headers["authorization"]?.toString(), time: Date.now() });
  const script = channel.script.shift() ?? "ok";
  const ts = `1793525400.${String(channel.posts.length).padStart(6, "0")}`;
  if (script === "ok" || script.startsWith("lost")) channel.messages.push({ ...message, ts });
  switch (script) {
    case "ok":
      return answer(response, { ok: true, channel: name, ts });
    case "status-500":
    case "lost-status-500":
      return response.writeHead(500).end();
    case "lost-connection":
      return response.destroy();
    case "limited":
      return answer(response, { ok: false, error: "ratelimited" }, 429, { "Retry-After": "7" });
    default:
      return answer(response, { ok: false, error: script });
  }
};

const replies: Player = (request, response) => {
  const query = new URL(request.url, "http://slack.test").searchParams;
  const channel = channelOf(query.get("channel") ?? "");
  channel.lookups.push(query.toString());
  if (!channel.readable) return answer(response, { ok: false, error: "missing_scope" });
  const messages = channel.messages.filter(({ thread_ts }) => thread_ts === query.get("ts"));
  // One message a page, so that a search has to turn pages.
  const page = Number(query.get("cursor") ?? "0");
  const next_cursor = page + 1 < messages.length ? String(page + 1) : "";
  return answer(response, { ok: true, messages: messages.slice(page, page + 1), response_metadata: { next_cursor } });
};

/** Plays Slack's Web API. `PUT /slack/channel/{name}` says how a channel behaves, GET tells what happened in it. */
export const playSlack: Player = (request, response) => {
  const [path = ""] = request.url.split("?");
  if (path.endsWith("/chat.postMessage")) return post(request, response);
  if (path.endsWith("/conversations.replies")) return replies(request, response);
  const channel = channelOf(path.split("/").at(-1) ?? "");
  if (request.method === "PUT") Object.assign(channel, JSON.parse(request.body));
  return answer(response, channel);
};
