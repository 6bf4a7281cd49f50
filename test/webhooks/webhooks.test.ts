import { createHmac } from "node:crypto";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { webhookEndpoints } from "../../src/db/webhook-schema.ts";
import { openSecret, sealSecret } from "../../src/webhooks/sealed-secret.ts";
import { callConfigured } from "../configured.ts";
import { read } from "../tasks/client.ts";
import { createTenant } from "../tenant.ts";
import { createWebhookClient, outsideEndpoint, untilDelivered, type WireWebhook } from "./webhook-client.ts";

const EVENTS = ["flows.tasks.created"];

describe("webhooks", () => {
  test("are created with a secret that is shown once and stored encrypted", async () => {
    const client = await createWebhookClient("flows.tasks.created", "flows.tasks.created", "core.document.uploaded");
    const { secret = "", ...webhook } = client.webhook;
    expect(secret).toMatch(/^whsec_[\w-]{43}$/);
    expect(webhook).toMatchObject({
      url: client.endpoint.url,
      events: ["flows.tasks.created", "core.document.uploaded"],
      enabled: true,
      created_by: client.userId,
    });
    expect(await read(client.api(client.webhookPath))).toEqual(webhook);
    expect(await read(client.api(`/org/${client.org}/webhooks`))).toMatchObject({ webhooks: [webhook], total: 1 });
    const stored = JSON.stringify(await connect(env.DB).select().from(webhookEndpoints));
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(secret.slice("whsec_".length));
  });

  test("are changed, switched off, and deleted", async () => {
    const client = await createWebhookClient(...EVENTS);
    const patch = (json: object) => read<WireWebhook>(client.api(client.webhookPath, { method: "PATCH", json }));
    expect(await patch({ enabled: false })).toMatchObject({ enabled: false, url: client.endpoint.url });
    await untilDelivered(client, () => client.createTask());
    expect(await client.deliveries()).toEqual([]);
    const other = outsideEndpoint();
    const changed = { enabled: true, url: other.url, events: ["flows.tasks.created", "flows.tasks.completed"] };
    expect(await patch(changed)).toMatchObject(changed);
    await untilDelivered(client, () => client.createTask());
    expect(await other.received()).toHaveLength(1);
    expect((await client.api(client.webhookPath, { method: "DELETE" })).status).toBe(204);
    await read(client.api(client.webhookPath), 404);
    await read(client.api(client.webhookPath, { method: "DELETE" }), 404);
    await read(client.api(`${client.webhookPath}/deliveries`), 404);
    await untilDelivered(client, () => client.createTask());
    expect(await other.received()).toHaveLength(1);
  });

  test("sign with their new secret once it is rotated", async () => {
    const client = await createWebhookClient(...EVENTS);
    const rotated = await read<WireWebhook>(client.api(`${client.webhookPath}/rotate_secret`, { method: "POST" }));
    expect(rotated.secret).not.toBe(client.webhook.secret);
    await untilDelivered(client, () => client.createTask());
    const [received] = await client.endpoint.received();
    const hmac = createHmac("sha256", rotated.secret ?? "").update(received?.body ?? "");
    expect(received?.headers["x-chamelio-signature"]).toBe(`sha256=${hmac.digest("hex")}`);
  });

  test("are at most twenty", async () => {
    const client = await createTenant();
    const create = () =>
      client.api(`/org/${client.org}/webhooks`, {
        method: "POST",
        json: { url: "https://hooks.example.com/", events: EVENTS },
      });
    const answers = await Promise.all(Array.from({ length: 22 }, create));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 409, 409]);
  });

  test("show a delivery with what it carries", async () => {
    const client = await createWebhookClient(...EVENTS);
    await untilDelivered(client, () => client.createTask());
    const [delivery] = await client.deliveries();
    const detail = await read<{ payload: object }>(client.api(`${client.webhookPath}/deliveries/${delivery?.id}`));
    expect(detail).toMatchObject(delivery ?? {});
    expect(detail.payload).toEqual(JSON.parse((await client.endpoint.received())[0]?.body ?? ""));
    await read(client.api(`${client.webhookPath}/deliveries/nothing`), 404);
  });
});

describe("a webhook is refused", () => {
  test.each([
    "http://hooks.example.com/",
    "https://hooks.example.com:8443/",
    "https://user@hooks.example.com/",
    "https://:secret@hooks.example.com/",
    "https://hooks.example.com/#top",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://localhost./",
    "https://api.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://metadata.google.internal./",
    "https://intranet/",
    "https://intranet./",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "no url",
    `https://hooks.example.com/${"x".repeat(2000)}`,
  ])("at %s", async (url) => {
    const tenant = await createTenant();
    const answer = tenant.api(`/org/${tenant.org}/webhooks`, { method: "POST", json: { url, events: EVENTS } });
    expect(await read(answer, 422)).toMatchObject({ errors: [{ loc: ["body", "url"] }] });
  });

  test.each([[{ events: [] }], [{ events: ["flows.tasks.deleted"] }], [{ events: "flows.tasks.created" }], [{}]])(
    "with %j",
    async (json) => {
      const tenant = await createTenant();
      const body = { url: "https://hooks.example.com/", ...json };
      const answer = tenant.api(`/org/${tenant.org}/webhooks`, { method: "POST", json: body });
      const at = expect.objectContaining({ loc: expect.arrayContaining(["body", "events"]) });
      expect(await read(answer, 422)).toMatchObject({ errors: expect.arrayContaining([at]) });
    },
  );

  test("in a changed form, too", async () => {
    const client = await createWebhookClient(...EVENTS);
    const patch = (json: object) => read(client.api(client.webhookPath, { method: "PATCH", json }), 422);
    expect(await patch({ url: "https://10.0.0.1/" })).toMatchObject({ errors: [{ loc: ["body", "url"] }] });
    expect(await patch({ events: [] })).toMatchObject({ errors: [{ loc: ["body", "events"] }] });
  });

  test("by a server that cannot keep its secret", async () => {
    const tenant = await createTenant();
    const answer = callConfigured({ WEBHOOK_ENCRYPTION_SECRETS: "" }, `/api/v1/org/${tenant.org}/webhooks`, {
      method: "POST",
      headers: { Authorization: `Bearer ${tenant.adminKey}`, "Content-Type": "application/json" },
      body: JSON.stringify({ url: "https://hooks.example.com/", events: EVENTS }),
    });
    expect(await read(answer, 500)).toMatchObject({ detail: expect.stringContaining("WEBHOOK_ENCRYPTION_SECRETS") });
  });

  test("to a key that is bound to a project", async () => {
    const tenant = await createTenant();
    const key = await tenant.makeKey(["admin"], { projectId: tenant.projectId });
    const answer = tenant.api(`/org/${tenant.org}/webhooks`, { key });
    expect(await read(answer, 403)).toMatchObject({ detail: expect.stringContaining("bound to a project") });
  });
});

describe("a sealed secret", () => {
  const [old, current] = [
    { kid: "old", secret: "o".repeat(32) },
    { kid: "new", secret: "n".repeat(32) },
  ];

  test("opens with the secret that sealed it, wherever that stands, and for its endpoint alone", async () => {
    const sealed = await sealSecret(old, "endpoint", "whsec_x");
    expect(await openSecret([current, old], "endpoint", sealed)).toBe("whsec_x");
    expect(await openSecret([current], "endpoint", sealed)).toBeUndefined();
    expect(await openSecret([old], "another", sealed)).toBeUndefined();
    expect(await openSecret([{ ...old, secret: current.secret }], "endpoint", sealed)).toBeUndefined();
    expect(
      await openSecret([old], "endpoint", `${sealed.slice(0, -1)}${sealed.endsWith("A") ? "E" : "A"}`),
    ).toBeUndefined();
  });

  test("is another one each time", async () => {
    const sealed = await sealSecret(old, "endpoint", "whsec_x");
    expect(await sealSecret(old, "endpoint", "whsec_x")).not.toBe(sealed);
  });
});
