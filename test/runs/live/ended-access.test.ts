import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { decodeJwt } from "jose";
import { describe, expect, test, vi } from "vitest";
import { lookupOf } from "../../../src/auth/api-keys.ts";
import { connect } from "../../../src/db/client.ts";
import { apiKeys } from "../../../src/db/schema.ts";
import { EventClient, inTime } from "../../stream/event-client.ts";
import { call } from "../../tenant.ts";
import { runAlarm } from "../log/archived-run.ts";
import { createRunClient, type RunClient } from "../run-client.ts";
import { SocketClient } from "../socket-client.ts";

const ENDINGS = {
  revoked: { revokedAt: new Date() },
  expired: { expiresAt: new Date(Date.now() - 1000) },
  suspended: { suspendedAt: new Date() },
};

/** Opens the stream with a key of its own; `end` ends that key and no other. */
async function open({ makeKey, taskId, runId }: RunClient, query: string, headers: Record<string, string> = {}) {
  const key = await makeKey(["task:read", "task:write"]);
  const path = `/api/projects/@current/tasks/${taskId}/runs/${runId}/stream${query}`;
  const response = call(path, { headers: { Authorization: `Bearer ${key}`, ...headers } });
  const end = async (how: keyof typeof ENDINGS) => {
    await connect(env.DB)
      .update(apiKeys)
      .set(ENDINGS[how])
      .where(eq(apiKeys.lookup, lookupOf(key) ?? ""));
  };
  return { response, end };
}

describe.each(["revoked", "expired", "suspended"] as const)("within 10 seconds of a key that is %s", (how) => {
  test.concurrent("server-sent events, WebSocket, and the agent's end; those of another key stay", async () => {
    const client = await createRunClient();
    const upgrade = { Upgrade: "websocket" };
    const opened = await Promise.all([
      open(client, ""),
      open(client, "", upgrade),
      open(client, "?role=agent", upgrade),
      open(client, "", upgrade),
    ]);
    const [events, socket, agent, other] = opened;
    const stream = new EventClient(await events.response);
    const [reader, agentSocket, kept] = [
      new SocketClient(await socket.response),
      new SocketClient(await agent.response),
      new SocketClient(await other.response),
    ];
    await stream.next();
    await Promise.all([events.end(how), socket.end(how), agent.end(how)]);
    // Once in its own time; then the look that comes every few seconds is made at once.
    if (how !== "revoked") await runAlarm(client);
    const last = async () => {
      let frame = await stream.next();
      for (let next = frame; next; next = await stream.next()) frame = next;
      return frame;
    };
    const [frame, code, agentCode] = await Promise.all([
      inTime(last(), "the end of the events"),
      inTime(reader.closed, "the close of the reader"),
      inTime(agentSocket.closed, "the close of the agent"),
    ]);
    expect(frame).toMatchObject({ event: "error", data: '{"error":"Access ended"}' });
    expect([code, agentCode]).toEqual([4004, 4004]);
    expect(kept.isClosed).toBe(false);
    kept.leave();
  });
});

test("a long poll that waits ends with 401", async () => {
  const client = await createRunClient();
  // Behind the entry of the run's creation, which is all there is.
  const waiting = await open(client, "?mode=long-poll&offset=0000000000000001");
  // One that is opened after it and has its first entry: the poll waits by then.
  const later = await open(client, "");
  await new EventClient(await later.response).next();
  await waiting.end("revoked");
  await runAlarm(client);
  const response = await inTime(waiting.response, "the end of the poll");
  expect(response.status).toBe(401);
  expect(await response.text()).toContain("What opened this stream is good no more.");
});

test("connections that a stream token opened end with the token", async () => {
  const client = await createRunClient();
  const tokenOf = async (role: string) =>
    (await (await client.onRun(`/stream_token?role=${role}`)).json<{ token: string }>()).token;
  const path = `/api/projects/@current/tasks/${client.taskId}/runs/${client.runId}/stream`;
  const opened = (query: string, headers = {}) => call(`${path}?${query}`, { headers });
  const upgrade = { Upgrade: "websocket" };
  const [viewer, agent] = [await tokenOf("viewer"), await tokenOf("agent")];
  const stream = new EventClient(await opened(`stream_token=${viewer}`));
  const reader = new SocketClient(await opened(`stream_token=${viewer}`, upgrade));
  const agentSocket = new SocketClient(await opened(`role=agent&stream_token=${agent}`, upgrade));
  await stream.next();
  const { exp = 0 } = decodeJwt(viewer);
  vi.useFakeTimers({ toFake: ["Date"], now: (exp + 1) * 1000 });
  try {
    await runAlarm(client);
  } finally {
    vi.useRealTimers();
  }
  expect(await inTime(reader.closed, "the close of the reader")).toBe(4004);
  expect(await inTime(agentSocket.closed, "the close of the agent")).toBe(4004);
  const frames = await inTime(stream.rest(), "the end of the events");
  expect(frames.at(-1)).toMatchObject({ event: "error", data: '{"error":"Access ended"}' });
  expect((await opened(`stream_token=${viewer}x`)).status).toBe(401);
});
