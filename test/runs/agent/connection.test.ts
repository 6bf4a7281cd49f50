import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportPKCS8,
  generateKeyPair,
  importSPKI,
  type JSONWebKeySet,
  jwtVerify,
} from "jose";
import { describe, expect, test } from "vitest";
import { connect } from "../../../src/db/client.ts";
import { users } from "../../../src/db/schema.ts";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { callConfigured } from "../../configured.ts";
import { call } from "../../tenant.ts";
import { expectNotFound, read } from "../../tasks/client.ts";
import { createRunSession } from "../log/session.ts";

const readKeySet = () => read<JSONWebKeySet>(call("/.well-known/jwks.json"));
const readPem = async () => (await call("/.well-known/run-token-key.pem")).text();

async function makePem(): Promise<string> {
  return exportPKCS8((await generateKeyPair("RS256", { extractable: true })).privateKey);
}

describe("connection_token", () => {
  test("names no mode that agents' servers do not know", async () => {
    const session = await createRunSession({ state: { mode: "turbo" } });
    const { token } = await read<{ token: string }>(session.send(`${session.runPath}/connection_token/`));
    expect(decodeJwt(token)).not.toHaveProperty("mode");
  });

  test("is a JWT that the published keys verify, with the claims that agents' servers require", async () => {
    const session = await createRunSession({ state: { mode: "interactive" } });
    const { token } = await read<{ token: string }>(session.send(`${session.runPath}/connection_token/`));
    const rules = { algorithms: ["RS256"], audience: "posthog:sandbox_connection" };
    const byPem = await jwtVerify(token, await importSPKI(await readPem(), "RS256"), rules);
    const { payload } = await jwtVerify(token, createLocalJWKSet(await readKeySet()), rules);
    expect(byPem.payload).toEqual(payload);
    const [owner] = await connect(env.DB).select().from(users).where(eq(users.id, session.userId));
    const project = await read<{ id: number }>(session.send("/api/projects/@current/"));
    expect(payload).toEqual({
      run_id: session.runId,
      task_id: session.taskId,
      team_id: project.id,
      user_id: owner?.number,
      distinct_id: session.userId,
      mode: "interactive",
      aud: "posthog:sandbox_connection",
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 24 * 3600,
    });
  });

  test("names its key by the SHA-256 of the public key", async () => {
    const session = await createRunSession();
    const { token } = await read<{ token: string }>(session.send(`${session.runPath}/connection_token`));
    const der = Uint8Array.fromBase64((await readPem()).replaceAll(/-----.*-----|\n/g, ""));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der)).toHex();
    expect(decodeProtectedHeader(token).kid).toBe(digest.slice(0, 16));
  });

  test("takes a key that may read", async () => {
    const session = await createRunSession();
    const path = `${session.runPath}/connection_token`;
    const [reader, other] = [await session.makeKey(["task:read"]), await session.makeKey(["environment:write"])];
    expect((await session.send(path, { key: reader })).status).toBe(200);
    expect((await session.send(path, { key: other })).status).toBe(403);
    expect((await call(`/api/projects/@current/tasks${path}`)).status).toBe(401);
  });

  test("is of runs that are there", async () => {
    const [session, stranger] = [await createRunSession(), await createRunSession()];
    await expectNotFound(stranger.send(`${session.runPath}/connection_token`));
    await expectNotFound(session.send(`${session.taskPath}/runs/${crypto.randomUUID()}/connection_token`));
    await expectNotFound(session.send(`${session.taskPath}/runs/nonsense/connection_token`));
    await expectNotFound(session.send(`${stranger.taskPath}/runs/${session.runId}/connection_token`));
  });
});

describe("stream_token", () => {
  test("opens the stream of one run for ten minutes", async () => {
    const session = await createRunSession();
    const answer = await read<{ token: string; stream_base_url: null }>(
      session.send(`${session.runPath}/stream_token/`),
    );
    expect(answer.stream_base_url).toBeNull();
    const { payload } = await jwtVerify(answer.token, createLocalJWKSet(await readKeySet()), {
      algorithms: ["RS256"],
      audience: "taskyard:run_stream",
    });
    expect(payload).toMatchObject({ run_id: session.runId, task_id: session.taskId });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
    expect(payload).not.toHaveProperty("user_id");
  });

  test("is of runs that are there", async () => {
    const [session, stranger] = [await createRunSession(), await createRunSession()];
    await expectNotFound(stranger.send(`${session.runPath}/stream_token`));
  });
});

describe("the public keys", () => {
  test("can be read and kept by anyone, and hold nothing private", async () => {
    for (const path of ["/.well-known/jwks.json", "/.well-known/run-token-key.pem"]) {
      const response = await call(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    }
    expect(await readPem()).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    const { keys } = await readKeySet();
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
  });

  test("are none without a configured key, and tokens then say what is missing", async () => {
    const none = { RUN_TOKEN_PRIVATE_KEY: undefined };
    expect(await (await callConfigured(none, "/.well-known/jwks.json")).json()).toEqual({ keys: [] });
    expect((await callConfigured(none, "/.well-known/run-token-key.pem")).status).toBe(404);
    const session = await createRunSession();
    const headers = { Authorization: `Bearer ${session.adminKey}` };
    for (const kind of ["connection_token", "stream_token"]) {
      const path = `/api/projects/@current/tasks${session.runPath}/${kind}`;
      const response = await callConfigured(none, path, { headers });
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({
        type: "server_error",
        detail: expect.stringContaining("RUN_TOKEN_PRIVATE_KEY"),
      });
    }
  });

  test("can be several, on one line or many: the first signs", async () => {
    const [first, second] = [await makePem(), await makePem()];
    const several = { RUN_TOKEN_PRIVATE_KEY: `${first.trim().replaceAll("\n", String.raw`\n`)}\n${second}` };
    const keySet = await read<JSONWebKeySet>(callConfigured(several, "/.well-known/jwks.json"));
    expect(keySet.keys).toHaveLength(2);
    const session = await createRunSession();
    const headers = { Authorization: `Bearer ${session.adminKey}` };
    const path = `/api/projects/@current/tasks${session.runPath}/connection_token`;
    const { token } = await read<{ token: string }>(callConfigured(several, path, { headers }));
    const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(keySet));
    expect(protectedHeader.kid).toBe(keySet.keys[0]?.kid);
    const pem = await (await callConfigured(several, "/.well-known/run-token-key.pem")).text();
    await jwtVerify(token, await importSPKI(pem, "RS256"));
  });

  test.each(["text", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0", "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0"])(
    "stop the server when they are no keys: %j",
    async (setting) => {
      const response = await callConfigured({ RUN_TOKEN_PRIVATE_KEY: setting }, "/health");
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain("c2VjcmV0");
    },
  );

  test("are not shown when they are wrong", async () => {
    const wrong = { RUN_TOKEN_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----" };
    const response = await callConfigured(wrong, "/.well-known/jwks.json");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("c2VjcmV0");
  });
});
