import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { createAgentClient } from "../../tasks/client.ts";
import { createRunClient, expectNotFound, expectRefused, read, type WirePage, type WireRun } from "../run-client.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

test("a list of runs ends early where they are long, and goes on where it ended", async () => {
  const { send, createTask } = await createAgentClient();
  const task = await createTask();
  const state = { text: "x".repeat(900_000) };
  for (let n = 0; n < 8; n += 1) await read(send(`/${task.id}/runs/`, { json: { state, branch: `b${n}` } }), 201);
  const found: (string | null)[] = [];
  let pages = 0;
  for (let path: string | null = `/${task.id}/runs/`; path !== null; pages += 1) {
    const page: WirePage<WireRun> = await read(send(path));
    expect(page).toMatchObject({ count: 8 });
    found.push(...page.results.map(({ branch }) => branch));
    path = page.next === null ? null : page.next.replace("https://taskyard.test", "");
  }
  expect(found).toEqual(["b7", "b6", "b5", "b4", "b3", "b2", "b1", "b0"]);
  expect(pages).toBe(2);
});

describe("a new run", () => {
  test("has every field of the contract, and the seed's defaults", async () => {
    const { send, createTask } = await createAgentClient();
    const task = await createTask();
    const run = await read<WireRun>(send(`/${task.id}/runs/`, { method: "POST" }), 201);
    expect(run).toEqual({
      id: expect.any(String),
      task: task.id,
      stage: null,
      branch: null,
      status: "not_started",
      environment: "cloud",
      log_url: expect.stringContaining("https://taskyard.test/api/projects/"),
      error_message: null,
      output: null,
      state: {},
      artifacts: [],
      created_at: expect.stringMatching(TIME),
      updated_at: run.created_at,
      completed_at: null,
      runtime_adapter: null,
      provider: null,
      model: null,
      reasoning_effort: null,
    });
    expect(await read(send(`/${task.id}/runs/${run.id}`))).toMatchObject({ id: run.id, updated_at: run.updated_at });
  });

  test("takes status, environment and state as agent 1.30 sends them", async () => {
    const { readRun } = await createRunClient({
      run: { environment: "local", status: "in_progress", state: { a: 1 }, stage: " plan ", branch: "b", output: [1] },
    });
    expect(await readRun()).toMatchObject({
      environment: "local",
      status: "in_progress",
      state: { a: 1 },
      stage: "plan",
      branch: "b",
      output: [1],
    });
  });

  test("of the later form waits in the queue, local, with its options in state", async () => {
    const { readRun } = await createRunClient({
      run: { mode: "interactive", runtime_adapter: "claude", model: "claude-opus-4", state: { extra: true } },
    });
    expect(await readRun()).toMatchObject({
      environment: "local",
      status: "queued",
      state: { mode: "interactive", runtime_adapter: "claude", model: "claude-opus-4", extra: true },
      runtime_adapter: "claude",
      provider: "anthropic",
      model: "claude-opus-4",
    });
  });

  test("cannot refer to what is not there, as that of run cannot", async () => {
    const { send, createTask } = await createAgentClient();
    const { id } = await createTask();
    const environment = await send(`/${id}/runs/`, { json: { sandbox_environment_id: uuid() } });
    expect(environment.status).toBe(400);
    expect(await environment.json()).toEqual({ detail: "Invalid sandbox_environment_id" });
    const artifacts = await send(`/${id}/runs/`, { json: { pending_user_artifact_ids: ["gone"] } });
    expect(artifacts.status).toBe(400);
    expect(await artifacts.json()).toMatchObject({ missing_artifact_ids: ["gone"] });
    expect(await read(send(`/${id}/runs/`))).toMatchObject({ count: 0 });
  });

  test("that is terminal from the start is completed then", async () => {
    const { readRun } = await createRunClient({ run: { status: "failed" } });
    const run = await readRun();
    expect(run.completed_at).toBe(run.created_at);
  });

  test.each([
    [{ status: "done" }, "invalid_choice", "status"],
    [{ status: null }, "null", "status"],
    [{ environment: "moon" }, "invalid_choice", "environment"],
    [{ state: [] }, "not_a_dict", "state"],
    [{ state: null }, "null", "state"],
    [{ stage: "x".repeat(101) }, "max_length", "stage"],
    [{ branch: "x".repeat(256) }, "max_length", "branch"],
    [{ branch: " " }, "blank", "branch"],
    [{ mode: "fast" }, "invalid_choice", "mode"],
    [{ model: "claude-opus-4" }, "invalid_input", "runtime_adapter"],
  ])("is refused: %j", async (json, code, attr) => {
    const { send } = await createAgentClient();
    // Validation comes before the look-up: the task is unknown.
    await expectRefused(send(`/${uuid()}/runs/`, { json }), code, attr);
  });

  test("needs a task that is there", async () => {
    const { send, createTask } = await createAgentClient();
    const other = await createRunClient();
    const deleted = await createTask();
    await send(`/${deleted.id}/`, { method: "DELETE" });
    for (const taskId of [uuid(), "no-uuid", other.taskId, deleted.id]) {
      await expectNotFound(send(`/${taskId}/runs/`, { json: {} }));
    }
  });
});

describe("the list of a task's runs", () => {
  test("is paged, newest first, and stays when the task is deleted", async () => {
    const { send, taskId, runId } = await createRunClient();
    const { id: second } = await read<WireRun>(send(`/${taskId}/runs`, { json: {} }), 201);
    const { id: third } = await read<WireRun>(send(`/${taskId}/runs`, { json: {} }), 201);
    const page = await read<WirePage<WireRun>>(send(`/${taskId}/runs/?limit=2`));
    expect(page.count).toBe(3);
    expect(page.results.map(({ id }) => id)).toEqual([third, second]);
    expect(page.previous).toBeNull();
    const rest = await read<WirePage<WireRun>>(
      send(new URL(page.next ?? "").pathname + new URL(page.next ?? "").search),
    );
    expect(rest.results.map(({ id }) => id)).toEqual([runId]);
    expect(rest.next).toBeNull();
    await send(`/${taskId}/`, { method: "DELETE" });
    expect(await read(send(`/${taskId}/runs/`))).toMatchObject({ count: 3 });
    expect(await read(send(`/${taskId}/runs/${runId}/`))).toMatchObject({ id: runId });
  });

  test("of an unknown task is 404", async () => {
    const { send } = await createAgentClient();
    const { taskId } = await createRunClient();
    for (const id of [uuid(), "no-uuid", taskId]) await expectNotFound(send(`/${id}/runs/`));
  });
});

describe("a run's path", () => {
  test("names the project by number, UUID or @current, with or without slash, and by the older alias", async () => {
    const { send, projectId, taskId, runId } = await createRunClient();
    const { id: number } = await read<{ id: number }>(send("/api/projects/@current/"));
    const paths = [number, projectId, "@current"].flatMap((project) => [
      `/api/projects/${project}/tasks/${taskId}/runs/${runId}`,
      `/api/environments/${project}/tasks/${taskId}/runs/${runId}/`,
      `/api/projects/${project}/tasks/${taskId.toUpperCase()}/runs/${runId.toUpperCase()}/`,
    ]);
    for (const path of paths) expect(await read(send(path))).toMatchObject({ id: runId });
  });

  test("of another organization, another task, another project or no run at all is 404", async () => {
    const { send, taskId, createTask } = await createRunClient();
    const other = await createRunClient();
    const { id: otherTask } = await createTask();
    const mine = await read<WirePage<WireRun>>(send(`/${taskId}/runs/`));
    const runId = mine.results[0]?.id;
    for (const path of [
      `/${taskId}/runs/${uuid()}`,
      `/${taskId}/runs/no-uuid`,
      `/${otherTask}/runs/${runId}`,
      `/${other.taskId}/runs/${other.runId}`,
      `/api/projects/999999/tasks/${taskId}/runs/${runId}`,
      `/api/projects/nowhere/tasks/${taskId}/runs/${runId}`,
    ]) {
      await expectNotFound(send(path));
    }
  });

  test("does not take PUT or DELETE", async () => {
    const { onRun } = await createRunClient();
    for (const method of ["PUT", "DELETE"]) {
      const response = await onRun("/", { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("Allow")).toBe("GET, HEAD, PATCH");
      expect(await response.json()).toEqual({
        type: "invalid_request",
        code: "method_not_allowed",
        detail: `Method "${method}" not allowed.`,
        attr: null,
      });
    }
  });

  test("needs a key, and task:write for what changes", async () => {
    const { onRun, makeKey } = await createRunClient();
    const reader = await makeKey(["task:read"]);
    expect((await onRun("/", { key: "nothing" })).status).toBe(401);
    expect((await onRun("/", { key: reader })).status).toBe(200);
    for (const [path, method] of [
      ["/", "PATCH"],
      ["/start", "POST"],
      ["/cancel", "POST"],
      ["/set_output", "PATCH"],
      ["/append_log", "POST"],
      ["/artifacts", "POST"],
    ]) {
      const response = await onRun(path ?? "", { method: method ?? "", json: {}, key: reader });
      expect(response.status, path ?? "").toBe(403);
      expect(await response.json()).toMatchObject({ detail: "API key missing required scope 'task:write'" });
    }
  });
});
