import { v4 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { call } from "../../tenant.ts";
import {
  createAgentClient,
  expectRefused,
  read,
  type WirePage,
  type WireRun,
  type WireTask,
} from "../../tasks/client.ts";

describe("starting a task", () => {
  test("makes a queued cloud run each time, and answers with the task", async () => {
    const { createTask, send } = await createAgentClient();
    const task = await createTask({ title: "Fix it" });
    const first = await read<WireTask>(send(`/${task.id}/run/`, { method: "POST" }));
    expect(first).toEqual({
      ...task,
      latest_run: {
        id: expect.any(String),
        task: task.id,
        stage: null,
        branch: null,
        status: "queued",
        environment: "cloud",
        log_url: expect.stringMatching(/^https:\/\/taskyard\.test\//),
        error_message: null,
        output: null,
        state: { mode: "background" },
        artifacts: [],
        created_at: expect.stringMatching(/\.\d{6}Z$/),
        updated_at: expect.stringMatching(/\.\d{6}Z$/),
        completed_at: null,
        runtime_adapter: null,
        provider: null,
        model: null,
        reasoning_effort: null,
      },
    });
    const { pathname, search } = new URL(first.latest_run?.log_url ?? "");
    const log = await call(`${pathname}${search}`);
    expect([log.status, await log.text()]).toEqual([200, ""]);
    const second = await read<WireTask>(send(`/${task.id}/run/`, { json: {} }));
    expect(second.latest_run?.id).not.toBe(first.latest_run?.id);
    const runs = await read<WirePage<WireRun>>(send(`/${task.id}/runs/`));
    expect(runs.results.map((run) => run.id)).toEqual([second.latest_run?.id, first.latest_run?.id]);
    expect((await read<WireTask>(send(`/${task.id}/`))).latest_run?.id).toBe(second.latest_run?.id);
  });

  test("keeps what was given in the run's state", async () => {
    const { createTask, send } = await createAgentClient();
    const { id } = await createTask();
    const state = {
      mode: "interactive",
      pending_user_message: "Go on",
      runtime_adapter: "claude",
      model: "opus",
      reasoning_effort: "ultracode",
      initial_permission_mode: "plan",
      run_source: "manual",
      pr_authorship_mode: "user",
      signal_report_id: "r-1",
      auto_publish: false,
      custom_image_id: uuid(),
    };
    const json = { ...state, pending_user_message: " Go on ", branch: "main", github_user_token: "secret" };
    const { latest_run } = await read<WireTask>(send(`/${id}/run/`, { json }));
    expect(latest_run).toMatchObject({
      branch: "main",
      runtime_adapter: "claude",
      provider: "anthropic",
      model: "opus",
      reasoning_effort: "ultracode",
    });
    expect(latest_run?.state).toEqual(state);
  });

  test("takes nothing for what is blank, empty or null", async () => {
    const { createTask, send } = await createAgentClient();
    const { id } = await createTask();
    const json = { pending_user_message: "  ", pending_user_artifact_ids: [], branch: null, auto_publish: null };
    const { latest_run } = await read<WireTask>(send(`/${id}/run/`, { json }));
    expect(latest_run).toMatchObject({ branch: null, state: { mode: "background" } });
    expect(Object.keys(latest_run?.state ?? {})).toEqual(["mode"]);
  });

  test.each<[string, object, string, string]>([
    ["an unknown mode", { mode: "fast" }, "invalid_choice", "mode"],
    ["a blank branch", { branch: " " }, "blank", "branch"],
    ["a long branch", { branch: "x".repeat(256) }, "max_length", "branch"],
    ["a bad run id", { resume_from_run_id: "x" }, "invalid_input", "resume_from_run_id"],
    ["a bad environment id", { sandbox_environment_id: "x" }, "invalid_input", "sandbox_environment_id"],
    ["artifacts that are no list", { pending_user_artifact_ids: "x" }, "not_a_list", "pending_user_artifact_ids"],
    ["an adapter alone", { runtime_adapter: "claude" }, "invalid_input", "model"],
    ["a model alone", { model: "opus" }, "invalid_input", "runtime_adapter"],
    ["an effort alone", { reasoning_effort: "low" }, "invalid_input", "runtime_adapter"],
    ["an unknown adapter", { runtime_adapter: "x", model: "y" }, "invalid_choice", "runtime_adapter"],
    ["an unknown effort", { reasoning_effort: "x" }, "invalid_choice", "reasoning_effort"],
    ["a permission mode alone", { initial_permission_mode: "plan" }, "invalid_input", "initial_permission_mode"],
    [
      "another adapter's permission mode",
      { runtime_adapter: "codex", model: "m", initial_permission_mode: "plan" },
      "invalid_input",
      "initial_permission_mode",
    ],
    ["an unknown authorship", { pr_authorship_mode: "x" }, "invalid_choice", "pr_authorship_mode"],
  ])("is refused with %s", async (_what, json, code, attr) => {
    const { createTask, send } = await createAgentClient();
    const { id } = await createTask();
    await expectRefused(send(`/${id}/run/`, { json }), code, attr);
    expect(await read(send(`/${id}/`))).toMatchObject({ latest_run: null });
  });

  test("resumes a run of the same task, with its snapshot", async () => {
    const { createTask, send } = await createAgentClient();
    const { id } = await createTask();
    const state = { snapshot_external_id: "snap-1", model: "old" };
    const run = await read<WireRun>(send(`/${id}/runs/`, { json: { status: "completed", state } }), 201);
    const started = await read<WireTask>(send(`/${id}/run/`, { json: { resume_from_run_id: run.id } }));
    expect(started.latest_run?.state).toEqual({
      mode: "background",
      resume_from_run_id: run.id,
      snapshot_external_id: "snap-1",
    });
  });

  test("says what it refers to that is not there", async () => {
    const { createTask, send } = await createAgentClient();
    const [one, other] = [await createTask(), await createTask()];
    const foreign = await read<WireRun>(send(`/${other.id}/runs/`, { json: {} }), 201);
    const start = (json: object) => read(send(`/${one.id}/run/`, { json }), 400);
    for (const id of [foreign.id, uuid()]) {
      expect(await start({ resume_from_run_id: id })).toEqual({ detail: "Invalid resume_from_run_id" });
    }
    expect(await start({ sandbox_environment_id: uuid() })).toEqual({ detail: "Invalid sandbox_environment_id" });
    expect(await start({ pending_user_artifact_ids: ["a", "b"] })).toEqual({
      error: expect.any(String),
      missing_artifact_ids: ["a", "b"],
    });
    expect(await read(send(`/${one.id}/runs/`))).toMatchObject({ count: 0 });
  });
});

describe("start_run of a new task", () => {
  test("starts a run with the options given", async () => {
    const { createTask, send } = await createAgentClient();
    const task = await createTask({
      title: "Now",
      start_run: true,
      branch: "main",
      runtime_adapter: "codex",
      model: "m-1",
      pending_user_message: "Begin",
    });
    expect(task.latest_run).toMatchObject({
      status: "queued",
      environment: "cloud",
      branch: "main",
      provider: "openai",
    });
    expect(task.latest_run?.state).toEqual({
      mode: "background",
      runtime_adapter: "codex",
      model: "m-1",
      pending_user_message: "Begin",
    });
    expect((await read<WireTask>(send(`/${task.id}`))).latest_run?.id).toBe(task.latest_run?.id);
  });

  test("makes no task when the run cannot be", async () => {
    const { send } = await createAgentClient();
    const json = { start_run: true, sandbox_environment_id: uuid() };
    expect(await read(send("/", { json }), 400)).toEqual({ detail: "Invalid sandbox_environment_id" });
    expect(await read(send("/"))).toMatchObject({ count: 0 });
  });

  test("starts nothing unless asked", async () => {
    const { createTask } = await createAgentClient();
    expect((await createTask({ branch: "main" })).latest_run).toBeNull();
  });
});
