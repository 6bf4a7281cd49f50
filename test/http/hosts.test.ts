import { describe, expect, test } from "vitest";
import { createRunClient, read, type RunClient } from "../runs/run-client.ts";
import { callConfigured } from "../configured.ts";

/** Absolute links of each kind that agents' clients get. */
async function linksOf(client: RunClient, settings: Record<string, unknown>): Promise<string[]> {
  const get = async <T>(path: string, json?: object): Promise<T> =>
    read<T>(
      callConfigured(settings, path, {
        method: json ? "POST" : "GET",
        headers: { Authorization: `Bearer ${client.adminKey}`, "Content-Type": "application/json" },
        ...(json && { body: JSON.stringify(json) }),
      }),
    );
  const task = `/api/projects/@current/tasks/${client.taskId}`;
  const list = await get<{ next: string }>("/api/projects/@current/tasks/?limit=1");
  const runs = await get<{ next: string }>(`${task}/runs/?limit=1`);
  const run = await get<{ log_url: string }>(`${task}/runs/${client.runId}/`);
  const prepared = await get<{ artifacts: { presigned_post: { url: string } }[] }>(
    `${task}/runs/${client.runId}/artifacts/prepare_upload/`,
    { artifacts: [{ name: "a.txt", type: "output", size: 1 }] },
  );
  return [list.next, runs.next, run.log_url, ...prepared.artifacts.map(({ presigned_post }) => presigned_post.url)];
}

describe("absolute links", () => {
  test("begin with the configured origin, whatever host the request names", async () => {
    const client = await createRunClient();
    await client.createTask({});
    await read(client.send(`/${client.taskId}/runs/`, { json: {} }), 201);
    const links = await linksOf(client, { PUBLIC_ORIGIN: "https://tasks.example.com" });
    expect(links).toHaveLength(4);
    for (const link of links) expect(link).toMatch(/^https:\/\/tasks\.example\.com\/api\//);
  });

  test("a host that is not allowed is 400 in the envelope of the path", async () => {
    const answer = await callConfigured({ ALLOWED_HOSTS: "127.0.0.1,localhost,[::1]" }, "/api/v1/user");
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 400, type: "invalid_error" });
    expect((await callConfigured({ ALLOWED_HOSTS: "localhost, TASKYARD.test" }, "/health")).status).toBe(200);
  });
});
