import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { array, assert as assertProperty, constantFrom, nat, oneof, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import type { EnvironmentResponse } from "../../src/environments/environment-schemas.ts";
import { SecretMask } from "../../src/sandbox/secret-mask.ts";
import { callConfigured } from "../configured.ts";
import { basePath, connect, expectRefusal, objectOf, provision, publishTask } from "../environments/client.ts";
import { createTenant, type Tenant } from "../tenant.ts";

const VALUE = 's3cret/Value+1 with "quotes"';

interface WireSecret {
  id: string;
  name: string;
  description: string | null;
  created_by: string | null;
  created_at: string;
  updated_at: string;
  last_used_at: string | null;
}

const pathOf = (tenant: Tenant, name?: string) => `/org/${tenant.org}/secrets${name === undefined ? "" : `/${name}`}`;

const ask = (tenant: Tenant, json: object, init: Parameters<Tenant["api"]>[1] = {}) =>
  tenant.api(pathOf(tenant), { method: "POST", json, ...init });

async function make(tenant: Tenant, name = "API_TOKEN", value = VALUE): Promise<WireSecret> {
  const response = await ask(tenant, { name, value, description: "Of the provider" });
  expect(response.status).toBe(201);
  return response.json<WireSecret>();
}

const read = async (tenant: Tenant, name: string) => (await tenant.api(pathOf(tenant, name))).json<WireSecret>();

/** An environment with these secrets, of a task whose scripts tell what they have. */
async function makeEnvironment(tenant: Tenant, secretIds: string[], files: Record<string, string> = {}) {
  await publishTask(tenant, {
    yaml: { provision: { script: "provision.sh", timeout: 20 }, teardown: { script: "teardown.sh", timeout: 20 } },
    files: {
      ...files,
      "provision.sh": 'echo "set up with $API_TOKEN"',
      "teardown.sh": 'echo "put away ${#API_TOKEN} $API_TOKEN"',
    },
  });
  return connect(tenant, await provision(tenant, { secret_ids: secretIds }));
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | ArrayBuffer) => new TextDecoder().decode(bytes);
const masked = (values: string[], text: string) => decode(new SecretMask(values).whole(encode(text)));
const readStored = (value: unknown) => (value instanceof ArrayBuffer ? decode(value) : value);

/** All that an object has stored, as text. */
function storedBy(environment: EnvironmentResponse): Promise<string> {
  return runInDurableObject(objectOf(environment), (_, { storage }) => {
    const tables = storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray();
    const rows = tables.flatMap(({ name }) => storage.sql.exec(`SELECT * FROM "${name}"`).toArray());
    const texts = rows.map((row) => Object.values(row).map(readStored).join(" "));
    return `${texts.join("\n")}\n${JSON.stringify([...storage.kv.list()])}`;
  });
}

describe("secrets of an organization", () => {
  test("are made, listed, read, changed and deleted, and their values never shown nor stored in plain", async () => {
    const tenant = await createTenant();
    const secret = await make(tenant);
    expect(secret).toMatchObject({
      name: "API_TOKEN",
      description: "Of the provider",
      created_by: tenant.userId,
      last_used_at: null,
    });
    expect(Object.keys(secret).sort()).toEqual(
      ["created_at", "created_by", "description", "id", "last_used_at", "name", "updated_at"].sort(),
    );
    await make(tenant, "B_SECOND");
    const listed = await (await tenant.api(pathOf(tenant))).json<{ secrets: WireSecret[]; total: number }>();
    expect(listed).toMatchObject({ secrets: [secret, { name: "B_SECOND" }], total: 2 });
    expect(await read(tenant, "API_TOKEN")).toEqual(secret);
    expect(await read(tenant, secret.id)).toEqual(secret);
    const change = { value: "another value", description: null };
    const changed = await tenant.api(pathOf(tenant, secret.id), { method: "PATCH", json: change });
    const text = await changed.text();
    expect(changed.status, text).toBe(200);
    expect(text).not.toContain("another value");
    expect(JSON.parse(text)).toMatchObject({ id: secret.id, description: null });
    const rows = await env.DB.prepare("SELECT * FROM secrets WHERE organization_id = ?").bind(tenant.id).all();
    expect(rows.results).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toMatch(/s3cret|another value/);
    expect((await tenant.api(pathOf(tenant, "API_TOKEN"), { method: "DELETE" })).status).toBe(204);
    await expectRefusal(await tenant.api(pathOf(tenant, "API_TOKEN"), { method: "DELETE" }), 404);
    await expectRefusal(await tenant.api(pathOf(tenant, secret.id)), 404);
    await expectRefusal(await tenant.api(pathOf(tenant, secret.id), { method: "PATCH", json: change }), 404);
  });

  test.each([
    ["name", { name: "1ST" }],
    ["name", { name: "with-dash" }],
    ["name", { name: "" }],
    ["name", { name: "N".repeat(129) }],
    ["name", { name: "PATH" }],
    ["name", { name: "TASKYARD_COMMAND" }],
    ["name", { name: undefined }],
    ["value", { value: "seven77" }],
    ["value", { value: "  short  " }],
    ["value", { value: "v".repeat(32_769) }],
    ["value", { value: "with\0NUL in it" }],
    ["value", { value: `half a character \uD800` }],
    ["value", { value: undefined }],
    ["description", { description: "d".repeat(2_001) }],
    ["valeu", { valeu: "x" }],
  ])("are refused for their %s: %j", async (field, given) => {
    const tenant = await createTenant();
    const response = await ask(tenant, { name: "NAME", value: "long enough", ...given });
    const text = await response.text();
    expect(response.status, text).toBe(422);
    const { errors } = JSON.parse(text);
    expect(errors).toEqual([expect.objectContaining({ loc: ["body", field] })]);
    expect(text).not.toContain("long enough");
    expect(await (await tenant.api(pathOf(tenant))).json()).toMatchObject({ total: 0 });
  });

  test("have names of their own, and are 200 at most", async () => {
    const tenant = await createTenant();
    await make(tenant);
    expect(await expectRefusal(await ask(tenant, { name: "API_TOKEN", value: VALUE }), 409)).toMatchObject({
      type: "already_exists_error",
    });
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 198)
       INSERT INTO secrets (id, organization_id, name, sealed_value, size, created_at, updated_at)
       SELECT ?1 || i, ?1, 'S' || i, 'x', 1, 0, 0 FROM n`,
    )
      .bind(tenant.id)
      .run();
    const answers = await Promise.all(["ONE", "TWO", "THREE"].map((name) => ask(tenant, { name, value: VALUE })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    expect((await ask(await createTenant(), { name: "API_TOKEN", value: VALUE })).status).toBe(201);
  });

  test("are used by keys with secret:read, written by those with secret:write that are bound to no project", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    await make(tenant);
    const [reader, writer] = [await tenant.makeKey(["secret:read"]), await tenant.makeKey(["secret:write"])];
    const bound = await tenant.makeKey(["secret:write", "environment:write"], { projectId: tenant.projectId });
    const other = { name: "OTHER", value: VALUE };
    expect((await tenant.api(pathOf(tenant), { key: reader })).status).toBe(200);
    await expectRefusal(await ask(tenant, other, { key: reader }), 403);
    expect((await ask(tenant, other, { key: writer })).status).toBe(201);
    expect((await tenant.api(pathOf(tenant, "OTHER"), { key: bound })).status).toBe(200);
    await expectRefusal(await ask(tenant, { ...other, name: "THIRD" }, { key: bound }), 403);
    const wanted = { task_ref: "sample", secret_ids: ["API_TOKEN"] };
    const plain = await tenant.makeKey(["environment:write"]);
    const refused = await tenant.api(basePath(tenant), { method: "POST", json: wanted, key: plain });
    expect(await expectRefusal(refused, 403)).toMatchObject({ detail: expect.stringContaining("secret:read") });
    const evaluation = { name: "e", model: "m", task_names: ["sample"], agent: "nop" };
    const evaluate = (ids: string[], key: string) =>
      tenant.api(`/org/${tenant.org}/ws/main/evaluation`, {
        method: "POST",
        json: { ...evaluation, secret_ids: ids },
        key,
      });
    await expectRefusal(await evaluate(["API_TOKEN"], await tenant.makeKey(["evaluation:write"])), 403);
    await expectRefusal(await evaluate(["NOT_THERE"], tenant.adminKey), 400);
    expect((await read(tenant, "API_TOKEN")).last_used_at).toBeNull();
    const made = await tenant.api(basePath(tenant), { method: "POST", json: wanted, key: bound });
    expect(made.status).toBe(201);
    expect((await read(tenant, "API_TOKEN")).last_used_at).not.toBeNull();
  });

  test("are neither kept nor given without the deployment's key", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    const headers = { Authorization: `Bearer ${tenant.adminKey}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ name: "API_TOKEN", value: VALUE });
    const init = { method: "POST", headers, body };
    const answer = await callConfigured({ SECRET_ENCRYPTION_KEYS: "" }, `/api/v1${pathOf(tenant)}`, init);
    expect(await expectRefusal(answer, 500)).toMatchObject({
      detail: expect.stringContaining("SECRET_ENCRYPTION_KEYS"),
    });
    await make(tenant);
    await env.DB.prepare("UPDATE secrets SET sealed_value = replace(sealed_value, 'test:', 'gone:')").run();
    const { id } = await provision(tenant, { secret_ids: ["API_TOKEN"] });
    const environment = await (await tenant.api(`${basePath(tenant)}/${id}`)).json();
    expect(environment).toMatchObject({
      state: "failed",
      error: "No key of SECRET_ENCRYPTION_KEYS opens the secret 'API_TOKEN'.",
    });
  });
});

describe("an environment with secrets", () => {
  test("has them as variables of commands and scripts, and neither shows nor stores them", async () => {
    const tenant = await createTenant();
    const { id } = await make(tenant);
    await make(tenant, "OTHER_ONE", "unrelated value");
    const client = await makeEnvironment(tenant, [id, "OTHER_ONE"]);
    const { execute, environment, onEnvironment } = client;
    const compare = 'IFS= read -r known; [ "$API_TOKEN" = "$known" ] && echo "${#API_TOKEN}"';
    expect(await execute(compare, { stdin: `${VALUE}\n` })).toMatchObject({ output: `${VALUE.length}\n` });
    expect(await execute("echo before $API_TOKEN after; echo $OTHER_ONE >&2")).toMatchObject({
      stdout: "before *** after\n",
      stderr: "***\n",
      truncated: null,
    });
    expect((await execute('printf %s "$API_TOKEN" | base64')).stdout).not.toContain(btoa(VALUE).slice(0, 16));
    expect(await execute("echo $API_TOKEN", { env: { API_TOKEN: "its own" } })).toMatchObject({ stdout: "its own\n" });
    const { command_id: started } = await client.start('echo "in the background: $API_TOKEN"');
    await expect.poll(async () => (await client.getCommand(started)).status).toBe("exited");
    const output = await (await onEnvironment(`/commands/${started}/output`)).text();
    expect(output).toBe("in the background: ***\n");
    const events = await onEnvironment("/execute", {
      method: "POST",
      json: { command: "echo $API_TOKEN" },
      headers: { Accept: "text/event-stream" },
    });
    expect(await events.text()).toMatch(/"\*\*\*\\n"/);
    const logs = async () => (await (await onEnvironment("/logs")).json<{ logs: string }>()).logs;
    expect(await logs()).toContain("set up with ***");
    expect(await storedBy(environment)).not.toMatch(/s3cret|unrelated value/);
    expect((await onEnvironment("", { method: "DELETE" })).status).toBe(200);
    await expect.poll(logs).toContain(`put away ${VALUE.length} ***`);
    await expect.poll(logs).toContain("The sandbox is gone.");
    const left = await storedBy(environment);
    expect(left).not.toMatch(/s3cret|unrelated value|sealedValue/);
  });

  test("keeps those that it was made with, whatever becomes of them meanwhile", async () => {
    const tenant = await createTenant();
    await make(tenant);
    const { execute } = await makeEnvironment(tenant, ["API_TOKEN"]);
    await tenant.api(pathOf(tenant, "API_TOKEN"), { method: "PATCH", json: { value: "a newer value" } });
    expect(await execute('echo "${#API_TOKEN}"')).toMatchObject({ stdout: `${VALUE.length}\n` });
    await tenant.api(pathOf(tenant, "API_TOKEN"), { method: "DELETE" });
    expect(await execute('echo "$API_TOKEN"')).toMatchObject({ stdout: "***\n" });
  });

  test("cuts its output behind the mask", async () => {
    const tenant = await createTenant();
    await make(tenant, "API_TOKEN", "v".repeat(40));
    const filler = 1024 * 1024 - 10;
    const { execute } = await makeEnvironment(tenant, ["API_TOKEN"], { filler: "x".repeat(filler) });
    const { stdout, truncated } = await execute("cat filler; echo $API_TOKEN");
    expect(stdout.length).toBe(filler + 4);
    expect(stdout.slice(filler)).toBe("***\n");
    expect(truncated).toBeNull();
  });

  test("is refused where they are not there, or too much", async () => {
    const tenant = await createTenant();
    await publishTask(tenant);
    const stranger = await createTenant();
    const { id: foreign } = await make(stranger);
    const refuse = async (ids: unknown[], status: number) =>
      expectRefusal(
        await tenant.api(basePath(tenant), { method: "POST", json: { task_ref: "sample", secret_ids: ids } }),
        status,
      );
    expect(await refuse([foreign, "NOT_THERE"], 400)).toMatchObject({
      detail: `There is no secret '${foreign}', 'NOT_THERE'.`,
    });
    for (const name of ["ONE", "TWO", "THREE"]) await make(tenant, name, name.repeat(30_000).slice(0, 30_000));
    expect(await refuse(["ONE", "TWO", "THREE"], 400)).toMatchObject({ detail: expect.stringContaining("65536") });
    await refuse([7], 422);
    await refuse(
      Array.from({ length: 51 }, (_, index) => `S${index}`),
      422,
    );
    const total = await (await tenant.api(basePath(tenant))).json<{ total: number }>();
    expect(total.total).toBe(0);
    expect((await read(tenant, "ONE")).last_used_at).not.toBeNull();
  });
});

describe("a mask", () => {
  test.each([
    ["as they are", ["password1"], "a password1 b password1password1", "a *** b ******"],
    [
      "of which one begins another",
      ["password", "password-of-more"],
      "password-of-more password-of-less",
      "*** ***-of-less",
    ],
    ["that overlap", ["aaaabbbb", "bbbbcccc"], "xaaaabbbbccccx", "x***x"],
    [
      "that lie inside of others",
      ["in the middle", "what is in the middle of it"],
      "what is in the middle of it",
      "***",
    ],
    [
      "line by line",
      ["line one of it\nline two of it\nx"],
      "1: line one of it\r\n2: line two of it\r\nx",
      "1: ***\r\n2: ***\r\nx",
    ],
    ["in JSON", ['say "please" first'], String.raw`{"a":"say \"please\" first"}`, '{"a":"***"}'],
    ["in a URL", ["p@ss/word&co"], "https://u:p%40ss%2Fword%26co@h/", "https://u:***@h/"],
    ["beyond ASCII", ["gehëim✓wort"], "x gehëim✓wort y", "x *** y"],
    ["without the spaces around them", ["  spaced-out\n"], "(spaced-out)", "(***)"],
    ["but no shorter ones", ["seven77", "ab\ncd\nef-long-enough"], "seven77 ab ef-long-enough", "seven77 ab ***"],
  ])("hides values %s", (_, values, text, wanted) => {
    expect(masked(values, text)).toBe(wanted);
  });

  test("hides base64, wherever the value begins in what is encoded", () => {
    const value = "user-token-0123456789+/?";
    for (const before of ["", "x", "xy", "xyz", "user:"]) {
      for (const after of ["", "y", "yz"]) {
        for (const alphabet of ["base64", "base64url"] as const) {
          const text = encode(before + value + after).toBase64({ alphabet });
          const hidden = masked([value], `<${text}>`);
          expect(hidden).toMatch(/^<[\w+/-]{0,8}\*\*\*[\w+/=-]{0,7}>$/);
        }
      }
    }
  });

  test("gives the same however output is cut, and leaves no value", () => {
    const value = string({ unit: constantFrom("a", "b", "\n"), minLength: 8, maxLength: 14 });
    const values = array(
      value.filter((text) => text.trim().length >= 8),
      { minLength: 1, maxLength: 3 },
    );
    const parts = array(oneof(nat({ max: 2 }), string({ unit: constantFrom("a", "b", "\n", "c") })), {
      maxLength: 12,
    });
    assertProperty(
      property(values, parts, array(nat({ max: 9 }), { maxLength: 40 }), (secrets, given, cuts) => {
        const text = given.map((part) => (typeof part === "string" ? part : (secrets[part] ?? ""))).join("");
        const bytes = encode(text);
        const stream = new SecretMask(secrets).stream();
        let at = 0;
        let pieced = "";
        for (const length of [...cuts, bytes.byteLength]) {
          pieced += decode(stream.push(bytes.subarray(at, at + length)));
          at += length;
        }
        pieced += decode(stream.end());
        expect(pieced).toBe(masked(secrets, text));
        const lines = secrets.flatMap((secret) => [secret, ...secret.split("\n")]).map((line) => line.trim());
        const found = lines.filter((line) => line.length >= 8 && text.includes(line));
        expect(pieced === text).toBe(found.length === 0);
        expect(found.filter((line) => pieced.includes(line))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("passes on at once what begins no value, and holds back no more than a value", () => {
    const stream = new SecretMask(["password-1", "a longer password"]).stream();
    expect(decode(stream.push(encode("Name: ")))).toBe("Name: ");
    expect(decode(stream.push(encode("passw")))).toBe("");
    expect(decode(stream.push(encode("ing by a")))).toBe("passwing by ");
    expect(decode(stream.end())).toBe("a");
  });

  test("takes time that grows with the output alone", () => {
    const mask = new SecretMask([`${"a".repeat(32_000)}b`, `${"a".repeat(30_000)}c`]);
    const begun = performance.now();
    const stream = mask.stream();
    let length = 0;
    for (let index = 0; index < 64; index += 1) length += stream.push(encode("a".repeat(16_384))).byteLength;
    expect(length + stream.end().byteLength).toBe(64 * 16_384);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
