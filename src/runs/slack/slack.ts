import { z } from "zod";
import type { SlackThread } from "./slack-thread-store.ts";

/** A message for a thread. `relayId` stands in its metadata, by which it is found again. */
export interface SlackMessage {
  thread: SlackThread;
  /** Plain text; what Slack would take for a mention or a link is escaped. */
  text: string;
  relayId: string;
  /** What else its metadata says. */
  details: Record<string, string>;
}

/** What Slack said. Whatever leaves open whether the message was posted is thrown. */
export type SlackAnswer =
  | { kind: "posted"; ts: string }
  | { kind: "limited"; retryAfterSeconds: number }
  | { kind: "refused"; error: string };

/** Slack's API as an app reaches it. */
export interface SlackAccess {
  baseUrl: string;
  token: string;
}

/** Seconds that one request may take. */
const TIMEOUT_SECONDS = 30;
/** Seconds to wait where a 429 does not say, and at most where it says more than a thread's reader would wait. */
const RETRY_AFTER_SECONDS = { fallback: 30, max: 3600 };
/** Names our metadata among those of other apps. */
const EVENT_TYPE = "taskyard_relay";
/** Messages of a page, and pages, that are searched for a message; a thread has less since one relay began. */
const SEARCH = { pageSize: 200, pages: 5 };

/** Errors that pass by themselves, as Slack names them; every other one is final. */
const PASSING = new Set(["fatal_error", "internal_error", "request_timeout", "service_unavailable"]);
const LIMITED = new Set(["ratelimited", "rate_limited"]);

const replySchema = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    ts: z.string().optional(),
    messages: z
      .array(
        z.object({
          ts: z.string(),
          metadata: z.object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()) }).optional(),
        }),
      )
      .optional(),
    response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
  }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

type Reply = Extract<z.output<typeof replySchema>, { ok: true }>;

/** Calls a method of the Web API. */
async function callSlack(
  { baseUrl, token }: SlackAccess,
  method: string,
  init: RequestInit & { query?: URLSearchParams },
): Promise<{ kind: "ok"; reply: Reply } | Exclude<SlackAnswer, { kind: "posted" }>> {
  const { query, ...request } = init;
  const headers = new Headers(request.headers);
  headers.set("Authorization", `Bearer ${token}`);
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/${method}`);
  url.search = query?.toString() ?? "";
  const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
  const response = await fetch(url, { ...request, headers, redirect: "manual", signal });
  if (response.status === 429) return { kind: "limited", retryAfterSeconds: readRetryAfter(response) };
  if (response.status >= 500) throw new Error(`Slack answered ${method} with status ${response.status}`);
  if (!response.ok) return { kind: "refused", error: `status ${response.status}` };
  const reply = replySchema.parse(await response.json());
  if (reply.ok) return { kind: "ok", reply };
  if (LIMITED.has(reply.error)) return { kind: "limited", retryAfterSeconds: readRetryAfter(response) };
  if (PASSING.has(reply.error)) throw new Error(`Slack answered ${method} with ${reply.error}`);
  return { kind: "refused", error: reply.error };
}

function readRetryAfter(response: Response): number {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  if (!(seconds > 0)) return RETRY_AFTER_SECONDS.fallback;
  return Math.min(Math.ceil(seconds), RETRY_AFTER_SECONDS.max);
}

/** The three characters that Slack gives a meaning, so that no text of an agent calls a channel together. */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Posts a message into its thread. */
export async function postMessage(slack: SlackAccess, message: SlackMessage): Promise<SlackAnswer> {
  const { thread, text, relayId, details } = message;
  const answer = await callSlack(slack, "chat.postMessage", {
    method: "POST",
    headers: { "Content-Type": "application/json; charset=utf-8" },
    body: JSON.stringify({
      channel: thread.channel,
      thread_ts: thread.threadTs,
      text: escapeText(text),
      metadata: { event_type: EVENT_TYPE, event_payload: { ...details, relay_id: relayId } },
    }),
  });
  if (answer.kind !== "ok") return answer;
  if (answer.reply.ts === undefined) throw new Error("Slack took the message and gave it no ts");
  return { kind: "posted", ts: answer.reply.ts };
}

/**
 * Looks in the thread for a message that an earlier attempt may have posted after `since`. `absent` also where the app
 * may not read the thread.
 */
export async function findMessage(
  slack: SlackAccess,
  { thread, relayId }: SlackMessage,
  since: Date,
): Promise<Exclude<SlackAnswer, { kind: "refused" }> | { kind: "absent" }> {
  const query = new URLSearchParams({
    channel: thread.channel,
    ts: thread.threadTs,
    oldest: String(since.getTime() / 1000),
    limit: String(SEARCH.pageSize),
    include_all_metadata: "true",
  });
  for (let page = 0; page < SEARCH.pages; page++) {
    const answer = await callSlack(slack, "conversations.replies", { method: "GET", query });
    if (answer.kind === "limited") return answer;
    if (answer.kind === "refused") break;
    const { messages = [], response_metadata } = answer.reply;
    const found = messages.find(
      ({ metadata }) => metadata?.event_type === EVENT_TYPE && metadata.event_payload["relay_id"] === relayId,
    );
    if (found) return { kind: "posted", ts: found.ts };
    if (!response_metadata?.next_cursor) break;
    query.set("cursor", response_metadata.next_cursor);
  }
  return { kind: "absent" };
}
