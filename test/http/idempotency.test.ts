import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { sweepIdempotencyKeys } from "../../src/http/idempotency.ts";
import { createRunClient, parseLines, read, type RunClient } from "../runs/run-client.ts";
import { call } from "../tenant.ts";

/** Each operation that takes a key: its path below the tasks, a body, another, and how many it has made by now. */
const operations: Record<string, { path: (client: RunClient) => string; json: object; other: object; made: Count }> = {
  "a task": {
    path: () => "/",
    json: { title: "One", start_run: true },
    other: { title: "Two" },
    made: async (client) => (await read<{ count: number }>(client.send("/"))).count - 1,
  },
  "a run that starts": {
    path: ({ taskId }) => `/${taskId}/run/`,
    json: { branch: "one" },
    other: { branch: "two" },
    made: countRuns,
  },
  "a run": {
    path: ({ taskId }) => `/${taskId}/runs/`,
    json: { branch: "one" },
    other: { branch: "two" },
    made: countRuns,
  },
  artifacts: {
    path: ({ taskId, runId }) => `/${taskId}/runs/${runId}/artifacts/`,
    json: { artifacts: [{ name: "a.txt", type: "output", content: "one" }] },
    other: { artifacts: [{ name: "a.txt", type: "output", content: "two" }] },
    made: async (client) => (await client.readRun()).artifacts.length,
  },
  "log entries": {
    path: ({ taskId, runId }) => `/${taskId}/runs/${runId}/append_log/`,
    json: { entries: [{ text: "one" }] },
    other: { entries: [{ text: "two" }] },
    made: async (client) => parseLines(await client.logs()).length,
  },
};

type Count = (client: RunClient) => Promise<number>;

async function countRuns(client: RunClient): Promise<number> {
  return (await read<{ count: number }>(client.send(`/${client.taskId}/runs/`))).count - 1;
}

const headers = { "Idempotency-Key": "once" };

describe.each(Object.entries(operations))("with an Idempotency-Key, %s", (_, { path, json, other, made }) => {
  test("repeated, is made once and answered alike", async () => {
    const client = await createRunClient();
    const first = await client.send(path(client), { json, headers });
    expect(first.headers.get("Idempotency-Replayed")).toBeNull();
    const again = await client.send(path(client), { json, headers });
    expect([again.status, await again.text()]).toEqual([first.status, await first.text()]);
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(again.headers.get("Content-Type")).toMatch(/^application\/json/);
    expect(await made(client)).toBe(1);
  });

  test("asked for at once, is made once", async () => {
    const client = await createRunClient();
    const answers = await Promise.all([1, 2, 3, 4].map(() => client.send(path(client), { json, headers })));
    expect(new Set(answers.map(({ status }) => status)).size).toBe(1);
    expect(answers[0]?.ok).toBe(true);
    expect(await made(client)).toBe(1);
  });

  test("made by a request that ended before its answer was kept, is not made again", async () => {
    const client = await createRunClient();
    const first = await client.send(path(client), { json, headers });
    expect(first.ok).toBe(true);
    await env.DB.prepare("UPDATE idempotency_keys SET status = NULL, body = NULL").run();
    const again = await client.send(path(client), { json, headers });
    expect(again.status).toBe(first.status);
    expect(await made(client)).toBe(1);
  });

  test("does not stand for another request, and another key makes another", async () => {
    const client = await createRunClient();
    expect((await client.send(path(client), { json, headers })).ok).toBe(true);
    const refused = await read<object>(client.send(path(client), { json: other, headers }), 409);
    expect(refused).toMatchObject({ code: "conflict", detail: "This Idempotency-Key was used for another request." });
    expect((await client.send(path(client), { json, headers: { "Idempotency-Key": "twice" } })).ok).toBe(true);
    expect(await made(client)).toBe(2);
  });
});

describe("an Idempotency-Key", () => {
  test("is free again after a request that was refused", async () => {
    const client = await createRunClient();
    await read(client.send("/", { json: { title: 7, archived: "perhaps" }, headers }), 400);
    const right = await read<object>(client.send("/", { json: { title: "Right" }, headers }), 201);
    expect(right).toMatchObject({ title: "Right" });
  });

  test.for(["", "x".repeat(256)])("of the wrong length is refused", async (key) => {
    const client = await createRunClient();
    const answer = await client.send("/", { json: {}, headers: { "Idempotency-Key": key } });
    expect(answer.status).toBe(400);
  });

  test("is one credential's own", async () => {
    const [client, other] = await Promise.all([createRunClient(), createRunClient()]);
    const [one, two] = await Promise.all(
      [client, other].map((each) => read<{ id: string }>(each.send("/", { json: { title: "x" }, headers }), 201)),
    );
    expect(one?.id).not.toBe(two?.id);
  });

  test("is forgotten after a day, and then makes anew", async () => {
    const client = await createRunClient();
    const make = () => read<{ id: string }>(client.send("/", { json: { title: "x" }, headers }), 201);
    const first = await make();
    await sweepIdempotencyKeys(env, new Date(Date.now() + 23 * 60 * 60 * 1000));
    expect((await make()).id).toBe(first.id);
    await sweepIdempotencyKeys(env, new Date(Date.now() + 25 * 60 * 60 * 1000));
    expect((await make()).id).not.toBe(first.id);
  });

  test("stands in the document at every operation that takes it", async () => {
    const document = await read<{
      paths: Record<string, Record<string, { operationId: string; parameters?: object[] }>>;
    }>(call("/openapi.json"));
    const taking = Object.values(document.paths)
      .flatMap((path) => Object.values(path))
      .filter(({ parameters }) => parameters?.some((one) => Reflect.get(one, "name") === "idempotency-key"))
      .map(({ operationId }) => operationId);
    expect(taking.sort()).toEqual([
      "appendAgentRunLog",
      "createAgentRun",
      "createAgentTask",
      "createEnvironment",
      "createEvaluation",
      "runAgentTask",
      "startAgentRun",
      "uploadAgentRunArtifacts",
    ]);
  });
});
