import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { call } from "../../tenant.ts";
import type { WireTask } from "../../tasks/client.ts";
import { createRunClient, expectNotFound, expectRefused, read, type WireRun } from "../run-client.ts";

describe("PATCH", () => {
  test("changes what is given and leaves the rest", async () => {
    const { patch } = await createRunClient({ run: { stage: "plan", branch: "main" } });
    expect(await patch({ status: "in_progress", error_message: "", unknown: 1 })).toMatchObject({
      status: "in_progress",
      stage: "plan",
      branch: "main",
      error_message: "",
      environment: "cloud",
      completed_at: null,
    });
    expect(await patch({ stage: null, branch: null, error_message: null, environment: "local" })).toMatchObject({
      status: "in_progress",
      stage: null,
      branch: null,
      error_message: null,
      environment: "local",
    });
  });

  test("merges objects into output and state, one level deep", async () => {
    const { patch } = await createRunClient({ run: { state: { a: 1, deep: { x: 1, y: 2 } } } });
    const run = await patch({ state: { deep: { z: 3 }, b: null }, output: { pr_url: "u" } });
    expect(run.state).toEqual({ a: 1, deep: { z: 3 }, b: null });
    expect((await patch({ output: { commit: "c" } })).output).toEqual({ pr_url: "u", commit: "c" });
    expect((await patch({ output: [1, 2] })).output).toEqual([1, 2]);
    expect((await patch({ output: { only: true } })).output).toEqual({ only: true });
    expect((await patch({ output: null })).output).toBeNull();
  });

  test("removes keys of state after the merge, and leaves the server's own alone", async () => {
    const { patch } = await createRunClient({ run: { state: { prompt: "x", keep: 1, sandbox_id: "s" } } });
    const run = await patch({
      state: { added: 1, gone: 2, sandbox_id: "stolen", pr_authorship_mode: "bot", github_credential_source: "y" },
      state_remove_keys: ["prompt", "gone", "sandbox_id", "never"],
    });
    expect(run.state).toEqual({ keep: 1, sandbox_id: "s", added: 1 });
  });

  test.each(["completed", "failed", "cancelled"])(
    "to %s ends the run, and changes nothing after that",
    async (status) => {
      const { patch, readRun } = await createRunClient();
      const ended = await patch({ status, error_message: "why" });
      expect(ended.completed_at).toBe(ended.updated_at);
      const after = await patch({ status: "in_progress", stage: "again", state: { a: 1 } });
      expect({ ...after, log_url: "" }).toEqual({ ...ended, log_url: "" });
      expect({ ...(await readRun()), log_url: "" }).toEqual({ ...ended, log_url: "" });
    },
  );

  test.each([
    [{ status: "paused" }, "invalid_choice", "status"],
    [{ status: null }, "null", "status"],
    [{ branch: "" }, "blank", "branch"],
    [{ stage: " " }, "blank", "stage"],
    [{ state: null }, "null", "state"],
    [{ state: "x" }, "not_a_dict", "state"],
    [{ error_message: {} }, "invalid_input", "error_message"],
    [{ environment: "cloud" }, "invalid_choice", "environment"],
    [{ state_remove_keys: [] }, "invalid_input", "state_remove_keys"],
    [{ state_remove_keys: "a" }, "not_a_list", "state_remove_keys"],
    [{ state_remove_keys: ["a", {}] }, "invalid_input", "state_remove_keys__1"],
  ])("refuses %j, even of a run that is not there", async (json, code, attr) => {
    const { send } = await createRunClient();
    await expectRefused(send(`/${uuid()}/runs/${uuid()}/`, { method: "PATCH", json }), code, attr);
  });

  test("refuses what is no JSON, no object, or too deep for recursive readers", async () => {
    const { taskId, runId, adminKey } = await createRunClient();
    const send = (body: string) =>
      call(`/api/projects/@current/tasks/${taskId}/runs/${runId}/`, {
        method: "PATCH",
        headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" },
        body,
      });
    const malformed = await send("{");
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ type: "invalid_request", code: "parse_error", attr: null });
    await expectRefused(send("[1]"), "invalid_input", null);
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    await expectRefused(send(`{"output":${deep}}`), "invalid_input", "output");
    await expectRefused(send(`{"state":{"a":${deep}}}`), "invalid_input", "state");
  });

  test("of an unknown run is 404", async () => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/`, { method: "PATCH", json: {} }));
  });

  test("refuses a state that no row can hold, and keeps the run", async () => {
    const { onRun, patch, readRun } = await createRunClient();
    const part = "x".repeat(900_000);
    await patch({ state: { a: part } });
    const response = await onRun("/", { method: "PATCH", json: { state: { b: part } } });
    expect(response.status).toBe(413);
    expect(Object.keys((await readRun()).state)).toEqual(["a"]);
  });
});

describe("fifty at the same time", () => {
  test("merge into one state, and each makes updated_at later", async () => {
    const { patch, readRun } = await createRunClient();
    const runs = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        patch({ state: { [`k${index}`]: index }, output: { [`o${index}`]: 1 } }),
      ),
    );
    expect(new Set(runs.map(({ updated_at }) => updated_at)).size).toBe(50);
    const { state, output, updated_at } = await readRun();
    expect(Object.keys(state)).toHaveLength(50);
    expect(Object.keys(Object(output))).toHaveLength(50);
    expect(updated_at).toBe(
      runs
        .map((run) => run.updated_at)
        .sort()
        .at(-1),
    );
  });
});

describe("start", () => {
  test.each(["not_started", "queued"])("queues a run that is %s and answers with its task", async (status) => {
    const { onRun, taskId, runId } = await createRunClient({ run: { status } });
    const task = await read<WireTask>(onRun("/start/", { method: "POST" }));
    expect(task).toMatchObject({ id: taskId, latest_run: { id: runId, status: "queued" } });
  });

  test("hands on what the agent is to be told first", async () => {
    const { onRun, readRun } = await createRunClient({ run: { environment: "cloud", state: { mode: "interactive" } } });
    const json = { artifacts: [{ name: "notes.md", type: "user_attachment", content: "# Notes" }] };
    const { artifacts } = await read<{ artifacts: { id: string }[] }>(onRun("/artifacts/", { json }));
    const pending_user_artifact_ids = artifacts.map(({ id }) => id);
    await read(onRun("/start/", { json: { pending_user_message: "  Look at the notes ", pending_user_artifact_ids } }));
    const state = { mode: "interactive", pending_user_message: "Look at the notes", pending_user_artifact_ids };
    expect((await readRun()).state).toEqual(state);
    await read(onRun("/start/", { json: { pending_user_message: " ", pending_user_artifact_ids: [] } }));
    expect((await readRun()).state).toEqual(state);
  });

  test("refuses artifacts that the run does not have, and stays as it was", async () => {
    const { onRun, readRun } = await createRunClient();
    const response = await onRun("/start/", { json: { pending_user_artifact_ids: ["nothing"] } });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      detail: "Some pending_user_artifact_ids are invalid for this run",
      missing_artifact_ids: ["nothing"],
    });
    expect(await readRun()).toMatchObject({ status: "not_started", state: {} });
    await expectRefused(
      onRun("/start/", { json: { pending_user_message: [] } }),
      "invalid_input",
      "pending_user_message",
    );
  });

  test.each(["in_progress", "completed", "failed", "cancelled"])("refuses one that is %s", async (status) => {
    const { onRun } = await createRunClient({ run: { status } });
    const response = await onRun("/start/", { method: "POST" });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: `A run that is ${status} cannot be started` });
  });

  test("is 404 for an unknown run", async () => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/start/`, { method: "POST" }));
  });
});

describe("cancel", () => {
  test("ends a run that goes on, and is repeatable", async () => {
    const { onRun } = await createRunClient({ run: { status: "in_progress" } });
    const cancelled = await read<WireRun>(onRun("/cancel/", { method: "POST" }));
    expect(cancelled).toMatchObject({ status: "cancelled", completed_at: cancelled.updated_at });
    expect(await read(onRun("/cancel/", { method: "POST" }))).toMatchObject({ updated_at: cancelled.updated_at });
  });

  test("leaves a completed run as it is", async () => {
    const { onRun } = await createRunClient({ run: { status: "completed" } });
    expect(await read(onRun("/cancel/", { method: "POST" }))).toMatchObject({ status: "completed" });
  });

  test("is 404 for an unknown run", async () => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/cancel/`, { method: "POST" }));
  });
});

describe("set_output", () => {
  const schema = { type: "object", required: ["answer"], properties: { answer: { type: "integer" } } };

  test("replaces the output and leaves the run going on", async () => {
    const { onRun } = await createRunClient({ run: { status: "in_progress", output: { old: 1 } } });
    expect(await read(onRun("/set_output/", { method: "PATCH", json: { output: { pr_url: "u" } } }))).toMatchObject({
      output: { pr_url: "u" },
      status: "in_progress",
    });
    const emptied = await read<WireRun>(onRun("/set_output/", { method: "PATCH", json: {} }));
    expect(emptied.output).toEqual({});
  });

  test.each([[[1]], ["text"], [5], [null]])("refuses %j without a schema", async (output) => {
    const { onRun } = await createRunClient();
    const response = await onRun("/set_output/", { method: "PATCH", json: { output } });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: "output must be a dictionary" });
  });

  test("that matches the task's schema completes the run", async () => {
    const { onRun } = await createRunClient({ task: { json_schema: schema }, run: { status: "in_progress" } });
    const run = await read<WireRun>(onRun("/set_output/", { method: "PATCH", json: { output: { answer: 42 } } }));
    expect(run).toMatchObject({ output: { answer: 42 }, status: "completed", completed_at: run.updated_at });
  });

  test.each([[{ answer: "x" }], [{}], [[]], [undefined]])("that does not match is refused: %j", async (output) => {
    const { onRun, readRun } = await createRunClient({ task: { json_schema: schema }, run: { status: "in_progress" } });
    const response = await onRun("/set_output/", { method: "PATCH", json: { output } });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^Output validation error: ./) });
    expect(await readRun()).toMatchObject({ output: null, status: "in_progress" });
  });

  test("under a schema that multiplies is refused at once, and the server answers others", async () => {
    const next = Array.from({ length: 40 }, (_, n) => ({ $ref: `#/$defs/d${n + 1}` }));
    const levels = Object.fromEntries(next.map((ref, n) => [`d${n}`, { anyOf: [ref, ref] }]));
    const json_schema = { $ref: "#/$defs/d0", $defs: { ...levels, d40: { type: "string" } } };
    const { onRun, readRun } = await createRunClient({ task: { json_schema }, run: { status: "in_progress" } });
    const response = await onRun("/set_output/", { method: "PATCH", json: { output: 5 } });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/more work than one request may do/) });
    expect(await readRun()).toMatchObject({ output: null, status: "in_progress" });
  });

  test("keeps the status that a run has ended with", async () => {
    const { onRun } = await createRunClient({ task: { json_schema: schema }, run: { status: "failed" } });
    const run = await read<WireRun>(onRun("/set_output/", { method: "PATCH", json: { output: { answer: 1 } } }));
    expect(run).toMatchObject({ output: { answer: 1 }, status: "failed" });
  });

  test.each([{}, "no dictionary"])("is 404 for an unknown run, with output %j", async (output) => {
    const { send, taskId } = await createRunClient();
    await expectNotFound(send(`/${taskId}/runs/${uuid()}/set_output/`, { method: "PATCH", json: { output } }));
  });
});
