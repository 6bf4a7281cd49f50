import { createHmac } from "node:crypto";
import { introspectWorkflowInstance, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";
import { eq } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { webhookDeliveries, webhookEndpoints } from "../../src/db/webhook-schema.ts";
import { listStatements } from "../../src/webhooks/delivery-store.ts";
import { announce, type Notice } from "../../src/webhooks/outbox.ts";
import { sweepDeliveries } from "../../src/webhooks/delivery-sweep.ts";
import { objectOf } from "../runs/run-client.ts";
import { read, type WireRun } from "../tasks/client.ts";
import { createWebhookClient, untilDelivered, type WebhookClient, type WireDelivery } from "./webhook-client.ts";

const ALL_TASK_EVENTS = ["created", "step_change", "completed", "canceled"].map((name) => `flows.tasks.${name}`);

/** What a webhook carries. */
interface Payload {
  event: string;
  event_id: string;
  organization_id: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** What came to the client's endpoint, oldest first; deliveries of different events may overtake one another. */
async function payloads({ endpoint }: WebhookClient): Promise<Payload[]> {
  const received = (await endpoint.received()).map(({ body }): Payload => JSON.parse(body));
  return received.sort((a, b) => a.timestamp.localeCompare(b.timestamp));
}

/** A task whose webhook wants to know of nothing but its creation, created and delivered as the script says. */
async function deliverOne(...script: string[]) {
  const client = await createWebhookClient("flows.tasks.created");
  await client.endpoint.behave(...script);
  const task = await untilDelivered(client, () => client.createTask({ title: "Contract" }));
  const [delivery] = await client.deliveries();
  if (!delivery) throw new Error("There is no delivery");
  return { client, task, delivery };
}

test("a delivery is the contract's envelope, signed over its bytes", async () => {
  const { client, task, delivery } = await deliverOne();
  const [received, ...more] = await client.endpoint.received();
  expect(more).toEqual([]);
  const body = received?.body ?? "";
  expect(JSON.parse(body)).toEqual({
    event: "flows.tasks.created",
    event_id: delivery.event_id,
    organization_id: client.id,
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    data: { task_id: `task_${task.task_id}`, task_uuid: task.id, task_title: "Contract", status: "pending" },
  });
  const signature = createHmac("sha256", client.webhook.secret ?? "")
    .update(body)
    .digest("hex");
  expect(received?.headers["x-chamelio-signature"]).toBe(`sha256=${signature}`);
  expect(received?.headers["content-type"]).toBe("application/json");
  expect(delivery).toMatchObject({
    state: "delivered",
    attempts: 1,
    last_status: 204,
    last_error: null,
    replay_of: null,
    next_attempt_at: null,
  });
});

test("a task's life is told step by step, each once, to who wants it", async () => {
  const client = await createWebhookClient(...ALL_TASK_EVENTS);
  const { task, run } = await untilDelivered(client, async () => {
    const task = await client.createTask({ title: "Life" });
    const runs = `/${task.id}/runs`;
    const run = await read<WireRun>(client.send(`${runs}/`, { json: {} }), 201);
    const patch = (json: object) => read<WireRun>(client.send(`${runs}/${run.id}/`, { method: "PATCH", json }));
    await patch({ status: "in_progress", stage: "intake" });
    await patch({ state: { note: "no step" }, output: { answer: 42 } });
    await patch({ stage: "review" });
    await patch({ status: "completed" });
    await patch({ status: "completed" });
    await read(client.send(`${runs}/`, { json: { status: "cancelled" } }), 201);
    return { task, run };
  });
  const told = await payloads(client);
  const step = (status: string, name: string | null) => ({
    task_id: `task_${task.task_id}`,
    task_uuid: task.id,
    task_title: "Life",
    status,
    step_run_id: run.id,
    step_id: run.id,
    step_name: name,
    step_type: "agent",
  });
  expect(told.map(({ event }) => event).sort()).toEqual(
    [...ALL_TASK_EVENTS, "flows.tasks.step_change", "flows.tasks.step_change"].sort(),
  );
  const ofRun = told.filter(({ data }) => data["step_run_id"] === run.id);
  expect(ofRun.map(({ event, data }) => [event, data])).toEqual([
    ["flows.tasks.step_change", { ...step("pending", null), previous_status: null, previous_step_name: null }],
    [
      "flows.tasks.step_change",
      { ...step("in_progress", "intake"), previous_status: "pending", previous_step_name: null },
    ],
    [
      "flows.tasks.step_change",
      { ...step("in_progress", "review"), previous_status: "in_progress", previous_step_name: "intake" },
    ],
    [
      "flows.tasks.completed",
      { ...step("completed", "review"), previous_status: "in_progress", previous_step_name: "review" },
    ],
  ]);
  expect(new Set(told.map(({ event_id }) => event_id)).size).toBe(told.length);
});

test("what D1 misses is told when it is back, each change once", async () => {
  const client = await createWebhookClient(...ALL_TASK_EVENTS);
  const task = await client.createTask();
  const run = await read<WireRun>(client.send(`/${task.id}/runs/`, { json: {} }), 201);
  const patch = (json: object) => read<WireRun>(client.send(`/${task.id}/runs/${run.id}/`, { method: "PATCH", json }));
  await env.DB.exec("ALTER TABLE agent_runs RENAME TO agent_runs_away");
  try {
    await patch({ stage: "review" });
    await patch({ status: "completed" });
  } finally {
    await env.DB.exec("ALTER TABLE agent_runs_away RENAME TO agent_runs");
  }
  await untilDelivered(client, async () => expect(await runDurableObjectAlarm(objectOf(run.id))).toBe(true));
  const ofRun = (await payloads(client)).filter(({ data }) => data["step_run_id"] === run.id);
  expect(ofRun.map(({ event, data }) => [event, data["step_name"]])).toEqual([
    ["flows.tasks.step_change", null],
    ["flows.tasks.step_change", "review"],
    ["flows.tasks.completed", "review"],
  ]);
  // What is left is the archive of the log; once it is there, nothing is.
  expect(await runDurableObjectAlarm(objectOf(run.id))).toBe(true);
  expect(await runDurableObjectAlarm(objectOf(run.id))).toBe(false);
});

test("an event that is announced again makes no second delivery", async () => {
  const client = await createWebhookClient("core.document.uploaded");
  const notice: Notice = {
    event: "core.document.uploaded",
    eventId: crypto.randomUUID(),
    organizationId: client.id,
    occurredAt: new Date(),
    data: {},
  };
  const db = connect(env.DB);
  expect(await announce(db, notice)).toHaveLength(1);
  expect(await announce(db, notice)).toEqual([]);
  expect(await client.deliveries()).toHaveLength(1);
});

test("a run that fails is another step, and other organizations hear nothing", async () => {
  const [client, stranger] = [
    await createWebhookClient("flows.tasks.step_change"),
    await createWebhookClient(...ALL_TASK_EVENTS),
  ];
  await untilDelivered(client, async () => {
    const task = await client.createTask();
    await read(client.send(`/${task.id}/runs/`, { json: { status: "failed" } }), 201);
  });
  expect((await payloads(client)).map(({ data }) => data["status"])).toEqual(["failed"]);
  expect(await stranger.endpoint.received()).toEqual([]);
  expect(await stranger.deliveries()).toEqual([]);
});

describe("an attempt that fails is made again", () => {
  test.each<[string, string, number | null, RegExp]>([
    ["an error", "500", 500, /status 500/],
    ["a refusal", "404", 404, /status 404/],
    ["a redirect, which is not followed", "redirect", 307, /redirect/],
    ["a connection that breaks", "reset", null, /could not be reached/],
    ["an answer that does not come in time", "hang", null, /did not answer within 2 seconds/],
  ])("after %s", async (_what, behaviour, status, error) => {
    const client = await createWebhookClient("flows.tasks.created");
    await client.endpoint.behave(behaviour);
    await client.createTask();
    const [{ id } = { id: "" }] = await client.deliveries();
    await using instance = await introspectWorkflowInstance(env.WEBHOOK, id);
    await instance.waitForStepResult({ name: "record 1" });
    const [first] = await client.deliveries("?state=pending");
    expect(first).toMatchObject({ attempts: 1, last_status: status, last_error: expect.stringMatching(error) });
    const wait = Date.parse(first?.next_attempt_at ?? "") - Date.now();
    expect(wait).toBeGreaterThan(30_000);
    expect(wait).toBeLessThanOrEqual(60_000);
    expect(await client.endpoint.received()).toHaveLength(1);
  });

  test("with the same bytes, until it succeeds", async () => {
    const { client, delivery } = await deliverOne("500", "reset", "redirect", "503");
    expect(delivery).toMatchObject({ state: "delivered", attempts: 5, last_status: 204, last_error: null });
    const bodies = (await client.endpoint.received()).map(({ body }) => body);
    expect(bodies).toHaveLength(5);
    expect(new Set(bodies).size).toBe(1);
  });

  test("five times at most, and never says what the endpoint wrote", async () => {
    const { client, delivery } = await deliverOne(...Array.from({ length: 9 }, () => "500"));
    expect(delivery).toMatchObject({ state: "undelivered", attempts: 5, last_status: 500, next_attempt_at: null });
    expect(delivery.last_error).not.toContain("secret");
    expect(await client.endpoint.received()).toHaveLength(5);
    expect(await client.deliveries("?state=undelivered&event=flows.tasks.created")).toHaveLength(1);
    expect(await client.deliveries("?state=delivered")).toEqual([]);
    expect(await client.deliveries("?event=flows.tasks.completed")).toEqual([]);
  });

  test("after 1 minute, 5 minutes, 30 minutes and 2 hours", async () => {
    const client = await createWebhookClient("flows.tasks.created");
    await client.endpoint.behave("hang", "500", "500", "500", "500");
    await client.createTask();
    const [{ id } = { id: "" }] = await client.deliveries();
    await using instance = await introspectWorkflowInstance(env.WEBHOOK, id);
    await instance.modify((modifier) => modifier.disableSleeps());
    const next = [];
    for (let attempt = 1; attempt <= 5; attempt++) {
      next.push(await instance.waitForStepResult({ name: `record ${attempt}` }));
    }
    const minutes = [1, 5, 30, 120].map((wait) => ({ next: wait * 60_000 }));
    expect(next).toEqual([...minutes, { next: "undelivered" }]);
  });
});

test("D1 that is away for longer than a few minutes loses no delivery", async () => {
  const { client, id } = await storeUnstarted();
  await using instance = await introspectWorkflowInstance(env.WEBHOOK, id);
  await instance.modify(async (modifier) => {
    await modifier.disableRetryDelays();
    await modifier.mockStepError({ name: "send 1" }, new Error("D1 is away"), 9);
  });
  await env.WEBHOOK.create({ id });
  await instance.waitForStatus("complete");
  expect(await client.deliveries()).toMatchObject([{ id, state: "delivered", attempts: 1 }]);
});

describe("a replay", () => {
  test("is a new delivery of the same event", async () => {
    const { client, delivery } = await deliverOne(...Array.from({ length: 5 }, () => "500"));
    const replay = await untilDelivered(client, () =>
      read<WireDelivery>(client.api(`${client.webhookPath}/deliveries/${delivery.id}/replay`, { method: "POST" }), 202),
    );
    expect(replay).toMatchObject({
      state: "pending",
      attempts: 0,
      replay_of: delivery.id,
      event_id: delivery.event_id,
    });
    const bodies = (await client.endpoint.received()).map(({ body }) => body);
    expect(new Set(bodies).size).toBe(1);
    expect((await client.deliveries()).map(({ id, state }) => [id, state])).toEqual([
      [replay.id, "delivered"],
      [delivery.id, "undelivered"],
    ]);
  });

  test("has to wait for the first one, and for the webhook", async () => {
    const { client, delivery } = await deliverOne();
    const replay = (id: string) => client.api(`${client.webhookPath}/deliveries/${id}/replay`, { method: "POST" });
    await connect(env.DB)
      .update(webhookDeliveries)
      .set({ state: "pending" })
      .where(eq(webhookDeliveries.id, delivery.id));
    expect((await read<{ detail: string }>(replay(delivery.id), 409)).detail).toMatch(/under way/);
    await read(replay("0".repeat(32)), 404);
    await read(client.api(client.webhookPath, { method: "PATCH", json: { enabled: false } }));
    expect((await read<{ detail: string }>(replay(delivery.id), 409)).detail).toMatch(/disabled/);
  });
});

/** A delivery that is given up, as its row says it, because of `change` during its first attempt. */
async function giveUp(change: (client: WebhookClient) => Promise<unknown>) {
  const client = await createWebhookClient("flows.tasks.created");
  await client.endpoint.behave("hang");
  await untilDelivered(client, async () => {
    await client.createTask();
    await expect.poll(async () => (await client.endpoint.received()).length).toBe(1);
    await change(client);
  });
  expect(await client.endpoint.received()).toHaveLength(1);
  const mine = eq(webhookDeliveries.endpointId, client.webhook.id);
  const [row] = await connect(env.DB).select().from(webhookDeliveries).where(mine);
  return row;
}

const changeEndpoint = (change: object) => (client: WebhookClient) =>
  connect(env.DB).update(webhookEndpoints).set(change).where(eq(webhookEndpoints.id, client.webhook.id));

describe("a delivery is given up", () => {
  test.each<[string, (client: WebhookClient) => Promise<unknown>, RegExp]>([
    [
      "the webhook is switched off",
      (client) => read(client.api(client.webhookPath, { method: "PATCH", json: { enabled: false } })),
      /disabled/,
    ],
    ["the webhook is deleted", (client) => client.api(client.webhookPath, { method: "DELETE" }), /deleted/],
    ["its address is not allowed any more", changeEndpoint({ url: "http://10.0.0.1/" }), /not allowed/],
    ["its secret cannot be read", changeEndpoint({ sealedSecret: "gone:AAAA:AAAA" }), /rotate it/],
  ])("when %s", async (_what, change, error) => {
    expect(await giveUp(change)).toMatchObject({
      state: "undelivered",
      attempts: 2,
      lastStatus: null,
      lastError: expect.stringMatching(error),
    });
  });
});

const HOUR_MS = 3_600_000;
const sweep = (afterMs: number) => sweepDeliveries(env, new Date(Date.now() + afterMs));

/** A delivery that was stored, and whose Workflow nobody started. */
async function storeUnstarted() {
  const client = await createWebhookClient("flows.tasks.created");
  const db = connect(env.DB);
  const id = crypto.randomUUID().replaceAll("-", "");
  const now = new Date();
  await db.insert(webhookDeliveries).values({
    id,
    organizationId: client.id,
    endpointId: client.webhook.id,
    event: "flows.tasks.created",
    eventId: crypto.randomUUID(),
    body: "{}",
    state: "pending",
    attempts: 0,
    createdAt: now,
    updatedAt: now,
    dueAt: now,
  });
  return { client, id };
}

describe("a list of deliveries", () => {
  test.each([{}, { state: "undelivered" as const }, { event: "flows.tasks.created" as const }])(
    "reads those of its webhook alone, asked for %j",
    async (filter) => {
      const statements = listStatements(connect(env.DB), "organization", "endpoint", { page: 1, limit: 10, ...filter });
      for (const statement of statements) {
        const { sql, params } = statement.toSQL();
        const plan = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .bind(...params)
          .all<{ detail: string }>();
        expect(plan.results.map(({ detail }) => detail)).toEqual([
          expect.stringMatching(/^SEARCH webhook_deliveries USING .*\(organization_id=\? AND endpoint_id=\?/),
        ]);
      }
    },
  );
});

describe("the sweep", () => {
  test("starts a delivery that nobody has begun, once it is overdue", async () => {
    const { client, id } = await storeUnstarted();
    await sweep(HOUR_MS / 12);
    expect(await client.deliveries()).toMatchObject([{ id, state: "pending" }]);
    await untilDelivered(client, () => sweep(HOUR_MS));
    expect(await client.deliveries()).toMatchObject([{ id, state: "delivered" }]);
    expect(await client.endpoint.received()).toHaveLength(1);
  });

  test("leaves a delivery alone that waits for its next attempt", async () => {
    const client = await createWebhookClient("flows.tasks.created");
    await client.endpoint.behave("500");
    await client.createTask();
    const [{ id } = { id: "" }] = await client.deliveries();
    await using instance = await introspectWorkflowInstance(env.WEBHOOK, id);
    await instance.waitForStepResult({ name: "record 1" });
    await sweep(HOUR_MS);
    expect(await client.deliveries()).toMatchObject([{ id, state: "pending", attempts: 1 }]);
    expect(await client.endpoint.received()).toHaveLength(1);
  });

  test("comes to all that is overdue, and to all that is old, in one run", async () => {
    const { client, id } = await storeUnstarted();
    const db = connect(env.DB);
    const [row] = await db.select().from(webhookDeliveries).where(eq(webhookDeliveries.id, id));
    if (!row) throw new Error("There is no delivery");
    const copy = (count: number, change: object) =>
      env.DB.batch(
        Array.from({ length: count }, (_, index) => {
          const other = { ...row, id: crypto.randomUUID().replaceAll("-", ""), eventId: `${id} ${index}`, ...change };
          const { sql, params } = db.insert(webhookDeliveries).values(other).toSQL();
          return env.DB.prepare(sql).bind(...params);
        }),
      );
    await copy(60, {});
    await copy(1_100, { state: "delivered", replayOf: id });
    await untilDelivered(client, () => sweep(HOUR_MS));
    expect(await client.deliveries("?state=delivered")).toHaveLength(61);
  });

  test("gives up a delivery whose Workflow broke off", async () => {
    const { client, id } = await storeUnstarted();
    await using instance = await introspectWorkflowInstance(env.WEBHOOK, id);
    await instance.modify((modifier) => modifier.mockStepError({ name: "send 1" }, new NonRetryableError("lost")));
    await env.WEBHOOK.create({ id });
    await instance.waitForStatus("errored");
    await sweep(HOUR_MS);
    expect(await client.deliveries()).toMatchObject([
      { id, state: "undelivered", last_error: expect.stringMatching(/broke off/) },
    ]);
  });

  test("forgets what is over after 30 days", async () => {
    const { client } = await deliverOne();
    await sweep(29 * 24 * HOUR_MS);
    expect(await client.deliveries()).toHaveLength(1);
    await sweep(31 * 24 * HOUR_MS);
    expect(await client.deliveries()).toEqual([]);
  });
});
