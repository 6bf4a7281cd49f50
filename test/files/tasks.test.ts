import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import { taskFiles } from "../../src/db/agent-schema.ts";
import { connect } from "../../src/db/client.ts";
import { read } from "../tasks/client.ts";
import { textOf } from "../runs/run-client.ts";
import { createWorkflowClient, expectDetail, type WorkflowClient } from "./workflow-client.ts";

interface WireVariable {
  variable_id: string;
  variable_type: string;
  value: string | null;
  step_id: string | null;
}

interface WireTask {
  task_id: number;
  status: string;
  step_runs: { step_run_id: string; step_name: string | null; status: string; variables: WireVariable[] }[];
  variables: WireVariable[];
}

const readTask = async (client: WorkflowClient) =>
  (await read<{ task: WireTask }>(client.flow(`/tasks/${client.taskId}`))).task;

/** Variables of a step: name, type, value. */
const of = (step_id: string | null, entries: [string, string, string][]): WireVariable[] =>
  entries.map(([variable_id, variable_type, value]) => ({ variable_id, variable_type, value, step_id }));

const byName = (list: WireVariable[] = []) => list.toSorted((a, b) => a.variable_id.localeCompare(b.variable_id));

const cancel = (client: WorkflowClient) => client.flow(`/tasks/${client.taskId}/cancel`, { method: "POST" });

describe("GET /tasks/{task_id}", () => {
  test("a task without a run is pending", async () => {
    const client = await createWorkflowClient({ title: "Review" });
    const agentTask = await read<{ created_at: string; updated_at: string }>(client.send(`/${client.agentTaskId}/`));
    const project = await read<{ id: number; name: string }>(client.send("/api/projects/@current/"));
    expect(await readTask(client)).toEqual({
      task_id: client.taskId,
      task_url: `https://taskyard.test/api/projects/${project.id}/tasks/${client.agentTaskId}`,
      task_title: "Review",
      workflow_id: project.id,
      workflow_name: "Default",
      workflow_version: null,
      workflow_state_id: null,
      status: "pending",
      current_step_id: null,
      current_step_name: null,
      current_step_type: null,
      created_at: agentTask.created_at,
      updated_at: agentTask.updated_at,
      completed_at: null,
      owner_email: "owner@example.com",
      assignee_email: null,
      collaborator_emails: [],
      step_runs: [],
      variables: [],
    });
  });

  test.each([
    ["not_started", "pending"],
    ["queued", "pending"],
    ["in_progress", "in_progress"],
    ["completed", "completed"],
    ["failed", "failed"],
    ["cancelled", "cancelled"],
  ])("a latest run that is %s makes it %s", async (status, expected) => {
    const client = await createWorkflowClient();
    await client.startRun({ status: "completed" });
    const run = await client.startRun({ status, stage: "intake" });
    const task = await readTask(client);
    expect(task).toMatchObject({
      status: expected,
      workflow_state_id: run.id,
      current_step_id: run.id,
      current_step_name: "intake",
      current_step_type: "agent",
      completed_at: run.completed_at,
      updated_at: run.updated_at,
      assignee_email: "owner@example.com",
      collaborator_emails: [],
    });
    expect(task.step_runs.map((step) => step.status)).toEqual(["completed", expected]);
    expect(task.step_runs[1]).toEqual({
      step_run_id: run.id,
      step_id: run.id,
      step_name: "intake",
      step_type: "agent",
      status: expected,
      variables: [],
    });
  });

  test("what runs put out, decisions and files are variables, the latest of each name", async () => {
    const client = await createWorkflowClient();
    const first = await client.startRun();
    const output = { risk: "high", pages: 12, share: 0.5, signed: true, draft: false, parties: ["A", "B"], none: null };
    await client.patchRun(first.id, { output });
    const variables = [{ variable_id: "approver", type: "email", value: "ada@example.com" }];
    await read(client.flow(`/tasks/${client.taskId}/approve`, { json: { approved: true, variables } }));
    const second = await client.startRun({ status: "in_progress", output: { risk: "low" } });
    const file = await client.attach({ variable_id: "contract", step_id: "intake_step" });
    const { step_runs: steps, variables: all } = await readTask(client);
    const ofFirst = of(first.id, [
      ["approver", "email", "ada@example.com"],
      ["draft", "boolean", "false"],
      ["pages", "number", "12"],
      ["parties", "text", '["A","B"]'],
      ["share", "number", "0.5"],
      ["signed", "boolean", "true"],
    ]);
    const firstRisk = of(first.id, [["risk", "text", "high"]]);
    const risk = of(second.id, [["risk", "text", "low"]]);
    expect(byName(steps[0]?.variables)).toEqual(byName([...ofFirst, ...firstRisk]));
    expect(steps[1]?.variables).toEqual(risk);
    expect(byName(all)).toEqual(
      byName([...ofFirst, ...risk, ...of("intake_step", [["contract", "file", file.file_id]])]),
    );
  });

  test("what agents write where a decision stands does no harm", async () => {
    const client = await createWorkflowClient();
    const run = await client.startRun();
    const variables = [7, null, { variable_id: 7, value: "x" }, { value: "x" }, { variable_id: "a", value: { b: 1 } }];
    for (const approval of ["yes", { variables: "x" }, { variables }]) {
      await client.patchRun(run.id, { state: { approval } });
      const { variables: shown } = await readTask(client);
      const last = typeof approval === "object" && Array.isArray(approval.variables);
      expect(shown).toEqual(last ? of(run.id, [["a", "text", '{"b":1}']]) : []);
    }
  });

  test("leaves out values whose names are longer than a variable's", async () => {
    const client = await createWorkflowClient();
    const variables = [{ variable_id: "v".repeat(256), value: "x" }];
    const output = { ["n".repeat(256)]: 1, ["n".repeat(255)]: 2 };
    const run = await client.startRun({ output, state: { approval: { variables } } });
    expect((await readTask(client)).variables).toEqual(of(run.id, [["n".repeat(255), "number", "2"]]));
  });

  test("shows the latest fifty runs, and values of four thousand characters", async () => {
    const client = await createWorkflowClient();
    const long = "x".repeat(5_000);
    const runs = [];
    for (let index = 0; index < 51; index++) runs.push(await client.startRun({ output: index === 50 ? { long } : {} }));
    const { step_runs: steps, variables } = await readTask(client);
    expect(steps.map((step) => step.step_run_id)).toEqual(runs.slice(1).map(({ id }) => id));
    expect(variables.map(({ value }) => value?.length)).toEqual([4_096]);
  });
});

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const outputOf = (prefix: string, count: number) =>
  Object.fromEntries(names(prefix, count).map((name) => [name, prefix]));

describe("a task with more than five hundred values", () => {
  test("shows those of the latest runs, and of each name the latest", async () => {
    const client = await createWorkflowClient();
    await client.startRun({ output: { ...outputOf("old", 499), risk: "high" } });
    const latest = await client.startRun({ output: { ...outputOf("new", 19), risk: "low" } });
    const { step_runs: steps, variables } = await readTask(client);
    expect(steps.map((step) => step.variables.length)).toEqual([480, 20]);
    expect(variables.filter(({ variable_id }) => variable_id === "risk")).toEqual(
      of(latest.id, [["risk", "text", "low"]]),
    );
  });

  test("shows the latest of its files", async () => {
    const client = await createWorkflowClient();
    const first = await client.attach({ variable_id: "contract" });
    const db = connect(env.DB);
    const number = Number(first.file_id.split("_")[1]);
    const [row] = await db.select().from(taskFiles).where(eq(taskFiles.number, number));
    if (!row) throw new Error("There is no file");
    const { number: _number, ...file } = row;
    const copies = names("copy", 500).map((name) =>
      db.insert(taskFiles).values({ ...file, id: client.id + name, storagePath: client.id + name, variableId: name }),
    );
    await Promise.all(copies);
    const last = await client.attach({ variable_id: "contract" });
    const { variables } = await readTask(client);
    expect(variables).toHaveLength(500);
    expect(variables.find(({ variable_id }) => variable_id === "contract")?.value).toBe(last.file_id);
  });
});

describe("POST /tasks/{task_id}/approve", () => {
  test.each([
    [true, "Task approved"],
    [false, "Task rejected"],
  ])("approved: %s is kept in the run's state and told on its stream", async (approved, message) => {
    const client = await createWorkflowClient();
    const run = await client.startRun();
    const json = {
      approved,
      comment: "Clause 7",
      user_email: "grace@example.com",
      variables: [{ variable_id: "clause", value: "7" }],
    };
    expect(await read(client.flow(`/tasks/${client.taskId}/approve`, { json }))).toEqual({
      task_id: client.taskId,
      status: "in_progress",
      approved,
      message,
    });
    const decision = {
      approved,
      comment: "Clause 7",
      user_email: "grace@example.com",
      variables: [{ variable_id: "clause", type: "text", value: "7" }],
      user_id: client.userId,
      decided_at: expect.any(String),
    };
    const runPath = `/${client.agentTaskId}/runs/${run.id}`;
    const after = await read<{ state: object; updated_at: string }>(client.send(`${runPath}/`));
    expect(after.state).toEqual({ approval: decision });
    expect(after.updated_at > run.updated_at).toBe(true);
    await client.patchRun(run.id, { status: "completed" });
    const frames = (await textOf(client.send(`${runPath}/stream/`))).split("\n");
    const events = frames.filter((line) => line.startsWith("data: ")).map((line) => JSON.parse(line.slice(6)));
    const told = events.filter(({ type }) => type === "notification");
    expect(told.map(({ notification }) => notification)).toEqual([
      { jsonrpc: "2.0", method: "_taskyard/approval", params: decision },
    ]);
    expect(await textOf(client.send(`${runPath}/logs/`))).toBe("");
  });

  test("a later decision replaces an earlier one", async () => {
    const client = await createWorkflowClient();
    const run = await client.startRun();
    await read(client.flow(`/tasks/${client.taskId}/approve`, { json: { approved: false } }));
    await read(client.flow(`/tasks/${client.taskId}/approve`, { json: { approved: true } }));
    const { state } = await read<{ state: object }>(client.send(`/${client.agentTaskId}/runs/${run.id}/`));
    expect(state).toMatchObject({ approval: { approved: true, comment: null, variables: [], user_email: null } });
  });

  test("409 when no run can wait for it", async () => {
    const client = await createWorkflowClient();
    const approve = () => client.flow(`/tasks/${client.taskId}/approve`, { json: { approved: true } });
    await expectDetail(approve(), 409, "Task cannot be approved: it has not been started");
    await client.startRun({ status: "failed" });
    await expectDetail(approve(), 409, "Task cannot be approved: it is failed");
  });

  test.each<[string, unknown, RegExp]>([
    ["no decision", {}, /body\.approved/],
    ["a word for a decision", { approved: "yes" }, /body\.approved/],
    ["a null", { approved: null }, /body\.approved/],
    ["an address that is none", { approved: true, user_email: "nobody" }, /body\.user_email/],
    ["a variable without a name", { approved: true, variables: [{ value: "x" }] }, /variables\.0\.variable_id/],
    ["a value that is no text", { approved: true, variables: [{ variable_id: "x", value: 7 }] }, /variables\.0\.value/],
    ["a comment that is too long", { approved: true, comment: "x".repeat(10_001) }, /body\.comment/],
    ["a list", [], /Request validation failed/],
  ])("422 for %s", async (_what, json, detail) => {
    const client = await createWorkflowClient();
    await client.startRun();
    await expectDetail(client.flow(`/tasks/${client.taskId}/approve`, { json }), 422, detail);
  });
});

describe("POST /tasks/{task_id}/cancel", () => {
  test.each(["not_started", "queued", "in_progress"])("cancels a run that is %s", async (status) => {
    const client = await createWorkflowClient();
    const run = await client.startRun({ status });
    const answer = { task_id: client.taskId, status: "cancelled", message: "Task cancelled" };
    expect(await read(cancel(client))).toEqual(answer);
    const after = await read<{ status: string }>(client.send(`/${client.agentTaskId}/runs/${run.id}/`));
    expect(after.status).toBe("cancelled");
    expect((await readTask(client)).status).toBe("cancelled");
    await expectDetail(cancel(client), 409, "Task cannot be cancelled: it is cancelled");
  });

  test("cancels all that runs, and a task that has not been started", async () => {
    const client = await createWorkflowClient();
    for (const status of ["in_progress", "completed", "queued", "in_progress"]) await client.startRun({ status });
    await read(cancel(client));
    const steps = (await readTask(client)).step_runs.map(({ status }) => status);
    expect(steps).toEqual(["cancelled", "completed", "cancelled", "cancelled"]);
    const fresh = await createWorkflowClient();
    await read(cancel(fresh));
    expect(await readTask(fresh)).toMatchObject({ status: "cancelled", step_runs: [{ status: "cancelled" }] });
  });

  test.each(["completed", "failed", "cancelled"])("409 for a task that is %s", async (status) => {
    const client = await createWorkflowClient();
    await client.startRun({ status });
    await expectDetail(cancel(client), 409, `Task cannot be cancelled: it is ${status}`);
  });

  test("goes on where it broke off", async () => {
    const client = await createWorkflowClient();
    const older = await client.startRun();
    const latest = await client.startRun();
    await client.patchRun(latest.id, { status: "cancelled" });
    await read(cancel(client));
    const { step_runs: steps } = await readTask(client);
    expect(steps.map(({ step_run_id, status }) => [step_run_id, status])).toEqual([
      [older.id, "cancelled"],
      [latest.id, "cancelled"],
    ]);
    await expectDetail(cancel(client), 409, "Task cannot be cancelled: it is cancelled");
  });

  test("gives a task that has not been started one run, however often it is asked at the same time", async () => {
    const client = await createWorkflowClient();
    const answers = await Promise.all(Array.from({ length: 4 }, () => cancel(client)));
    expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([]);
    expect((await readTask(client)).step_runs).toHaveLength(1);
  });

  test("of several at the same time one succeeds", async () => {
    const client = await createWorkflowClient();
    await client.startRun();
    const answers = await Promise.all(Array.from({ length: 4 }, () => cancel(client)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409, 409, 409]);
  });
});

const OPERATIONS: [string, string, unknown?][] = [
  ["GET", ""],
  ["GET", "/files"],
  ["GET", "/steps/intake_step/document"],
  ["POST", "/approve", { approved: true }],
  ["POST", "/cancel"],
  ["POST", "/files", { file_name: "a.txt", file_content_base64: "QQ==" }],
];

describe.each(OPERATIONS)("%s /tasks/{task_id}%s", (method, path, json) => {
  test("404 for a task that is not there, not theirs, deleted, or of another project", async () => {
    const [client, stranger] = [await createWorkflowClient(), await createWorkflowClient()];
    const send = (taskId: number, key = client.adminKey) =>
      client.flow(`/tasks/${taskId}${path}`, { method, json, key });
    await expectDetail(send(999_999_999), 404, "Task not found");
    await expectDetail(send(stranger.taskId), 404, "Task not found");
    const workspace = `/org/${client.org}/ws/main`;
    const other = await read<{ id: string }>(
      client.api(`${workspace}/projects`, { method: "POST", json: { key: "other", name: "Other" } }),
      201,
    );
    const bound = await client.makeKey(["task:write"], { projectId: other.id });
    await expectDetail(send(client.taskId, bound), 404, "Task not found");
    expect((await client.send(`/${client.agentTaskId}/`, { method: "DELETE" })).status).toBe(204);
    await expectDetail(send(client.taskId), 404, "Task not found");
  });

  test.each(["abc", "1.5", "0", "-1", "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be101"])("422 for the id %s", async (taskId) => {
    const client = await createWorkflowClient();
    await expectDetail(client.flow(`/tasks/${taskId}${path}`, { method, json }), 422, /path\.task_id/);
  });
});

describe("keys", () => {
  test("the five texts of 401", async () => {
    const client = await createWorkflowClient();
    const get = (headers: Record<string, string>) =>
      client.flow(`/tasks/${client.taskId}`, { key: headers["X-API-Key"] ?? "" });
    await expectDetail(get({}), 401, "API key required");
    await expectDetail(get({ "X-API-Key": "nonsense" }), 401, "Invalid API key");
    await expectDetail(get({ "X-API-Key": `ca_${"A".repeat(59)}` }), 401, "Invalid API key");
    const revoked = await client.makeKey(["task:read"], { revokedAt: new Date() });
    await expectDetail(get({ "X-API-Key": revoked }), 401, "API key has been revoked");
    const expired = await client.makeKey(["task:read"], { expiresAt: new Date(Date.now() - 1000) });
    await expectDetail(get({ "X-API-Key": expired }), 401, "API key has expired");
    const keys = `/org/${client.org}/api-keys`;
    const made = await read<{ id: string; key: string; masked_key: string }>(
      client.api(keys, { method: "POST", json: { name: "flow", scopes: ["task:read"], format: "ca" } }),
      201,
    );
    expect(made.key).toMatch(/^ca_[\w-]{59}$/);
    expect(made.masked_key).toBe(`${made.key.slice(0, 19)}…`);
    expect((await get({ "X-API-Key": made.key })).status).toBe(200);
    const change = (active: boolean) => read(client.api(`${keys}/${made.id}`, { method: "PATCH", json: { active } }));
    expect(await change(false)).toMatchObject({ active: false, suspended_at: expect.any(String) });
    await expectDetail(get({ "X-API-Key": made.key }), 401, "API key is inactive");
    expect(await change(true)).toMatchObject({ active: true, suspended_at: null });
    expect((await get({ "X-API-Key": made.key })).status).toBe(200);
  });

  test("403 names the scope", async () => {
    const client = await createWorkflowClient();
    const key = await client.makeKey(["task:read"]);
    const answer = client.flow(`/tasks/${client.taskId}/cancel`, { method: "POST", key });
    await expectDetail(answer, 403, "API key missing required scope 'task:write'");
  });
});
