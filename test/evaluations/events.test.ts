import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { SocketClient } from "../runs/socket-client.ts";
import { EventClient } from "../stream/event-client.ts";
import { createWebhook, deliveriesOf } from "./webhook-client.ts";
import { ended, evaluate, evaluationsPath, itemsOf, post, tenantWith } from "./client.ts";
import type { Tenant } from "../tenant.ts";

interface Told {
  type: string;
  item?: { position: number; item_status: string; attempt: number };
  evaluation?: { status: string };
  counts: Record<string, number>;
}

const follow = (tenant: Tenant, { id }: { id: string }, query = "", headers: Record<string, string> = {}) =>
  tenant.api(`${evaluationsPath(tenant)}/${id}/events${query}`, { headers });

/** Entries of a stream of events, without those of the stream itself. */
async function eventsOf(answer: Response): Promise<{ told: Told[]; ids: string[]; last: string | undefined }> {
  const frames = await new EventClient(answer).rest();
  const entries = frames.filter(({ event }) => event === undefined);
  return {
    told: entries.map(({ data }) => JSON.parse(data)),
    ids: entries.map(({ id = "" }) => id),
    last: frames.at(-1)?.event,
  };
}

/** What an item has gone through, in the order of its events. */
const pathOf = (told: readonly Told[], position: number) =>
  told.filter(({ item }) => item?.position === position).map(({ item }) => item?.item_status);

const WHOLE = ["claiming", "provisioning", "agent_running", "agent_finished", "verifying", "passed"];

describe("the events of an evaluation", () => {
  test("tell each change of each item once, keep to its concurrency, and end with it", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], attempts: 4, concurrency: 2 });
    const { told, last } = await eventsOf(await follow(tenant, job));
    expect(told[0]).toMatchObject({ type: "evaluation", evaluation: { status: "running" } });
    expect(told.at(-1)).toMatchObject({
      type: "evaluation-end",
      evaluation: { status: "completed" },
      counts: { passed: 4 },
    });
    expect(last).toBe("stream-end");
    for (const position of [0, 1, 2, 3]) expect(pathOf(told, position)).toEqual(WHOLE);
    const busy = ["claiming", "provisioning", "agent_running", "agent_finished", "verifying"];
    const active = told.map(({ counts }) => busy.reduce((sum, status) => sum + (counts[status] ?? 0), 0));
    expect(Math.max(...active)).toBe(2);
  });

  test("go on after an id, begin at what is new, and go on after a retry", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"], agent: "nop" });
    const whole = await eventsOf(await follow(tenant, job));
    const after = await eventsOf(await follow(tenant, job, "", { "Last-Event-ID": whole.ids[2] ?? "" }));
    expect(after.ids).toEqual(whole.ids.slice(3));
    expect((await eventsOf(await follow(tenant, job, `?offset=${whole.ids[3]}`))).ids).toEqual(whole.ids.slice(4));
    expect((await eventsOf(await follow(tenant, job, "?start=latest"))).told).toMatchObject([
      { type: "evaluation-end" },
    ]);
    await post(tenant, job, "/retry-failed");
    const again = await eventsOf(await follow(tenant, job, "", { "Last-Event-ID": whole.ids.at(-1) ?? "" }));
    expect(pathOf(again.told, 0)).toEqual(["queued", ...WHOLE.slice(0, -1), "failed"]);
    const polled = await follow(tenant, job, `?mode=long-poll&offset=${again.ids.at(-2)}`);
    expect(await polled.json()).toMatchObject({ entries: [{ type: "evaluation-end" }], closed: true });
    const unknown = await new EventClient(await follow(tenant, job, "?offset=nowhere")).rest();
    expect(unknown).toMatchObject([{ event: "end", data: '{"type":"resync"}' }]);
  });

  test("come over WebSocket, also to who comes in the middle", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"] });
    const socket = new SocketClient(await follow(tenant, job, "", { Upgrade: "websocket" }));
    const entries = await socket.take(1 + WHOLE.length + 1);
    expect(entries.map(({ type }) => type)).toEqual(["evaluation", ...WHOLE.map(() => "item"), "evaluation-end"]);
    expect(await socket.closed).toBe(1000);
  });

  test("are refused where there are too many readers, and to methods that only ask for them", async () => {
    const tenant = await tenantWith("write");
    const job = await evaluate(tenant, { task_names: ["write"] });
    await ended(tenant, job);
    const head = await tenant.api(`${evaluationsPath(tenant)}/${job.id}/events`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const full = await runInDurableObject(env.EVALUATION.getByName(job.id), (object) =>
      object.fetch(
        new Request("https://evaluation/events", {
          headers: {
            "X-Events-Request": JSON.stringify({
              scope: { organizationId: tenant.id, workspace: "main", projectId: null },
              start: { at: "start" },
              transport: "events",
              pass: {},
              keepaliveSeconds: 20,
              rotateSeconds: 60,
              maxReaders: 0,
            }),
          },
        }),
      ),
    );
    expect(full.status).toBe(503);
  });
});

describe("webhooks", () => {
  test("are told of each item's end and of the evaluation's", async () => {
    const tenant = await tenantWith("write");
    const endpoint = await createWebhook(tenant, ["evaluation.item_completed", "evaluation.completed"]);
    const job = await evaluate(tenant, { task_names: ["write"], attempts: 2 });
    await ended(tenant, job);
    const items = await itemsOf(tenant, job);
    const told = await expect
      .poll(() => deliveriesOf(endpoint), { timeout: 10_000 })
      .toMatchObject({ length: 3 })
      .then(() => deliveriesOf(endpoint));
    const bodies: { event: string; data: { item_id: string } }[] = told.map((text) => JSON.parse(text));
    expect(
      bodies
        .filter(({ event }) => event === "evaluation.item_completed")
        .map(({ data }) => data.item_id)
        .toSorted(),
    ).toEqual(items.map(({ id }) => id).toSorted());
    expect(bodies.find(({ event }) => event === "evaluation.completed")).toMatchObject({
      data: { evaluation_id: job.id, status: "completed", pass_rate: 1, counts: { passed: 2 } },
    });
  });
});
