import { describe, expect, test } from "vitest";
import { call } from "../tenant.ts";
import { type AgentClient, createAgentClient, expectNotFound, read, type WireTask } from "./client.ts";

interface WireProject {
  id: number;
  uuid: string;
}

/** Every operation on tasks, with the bodies that succeed in the task's own project. */
const operations = (task: WireTask): [string, string, object?][] => [
  ["GET", "/tasks"],
  ["POST", "/tasks", { title: "x" }],
  ["POST", "/tasks/summaries", { ids: [task.id] }],
  ["GET", "/tasks/repositories"],
  ["GET", `/tasks/${task.id}`],
  ["PATCH", `/tasks/${task.id}`, { title: "taken" }],
  ["PUT", `/tasks/${task.id}`, { title: "taken" }],
  ["POST", `/tasks/${task.id}/run`, {}],
  ["DELETE", `/tasks/${task.id}`],
];

const projectOf = (client: AgentClient) => read<WireProject>(client.send("/api/projects/@current/"));

const createProject = (client: AgentClient, name: string) =>
  read<{ id: string; number: number }>(
    client.api(`/org/${client.org}/ws/main/projects`, { method: "POST", json: { key: name.toLowerCase(), name } }),
    201,
  );

describe("a project", () => {
  test("is named by number, UUID or @current, with and without a slash, and as an environment", async () => {
    const client = await createAgentClient();
    const { id, uuid } = await projectOf(client);
    const task = await client.createTask({ title: "Here" });
    for (const name of ["@current", String(id), uuid, uuid.toUpperCase()]) {
      for (const base of [`/api/projects/${name}`, `/api/environments/${name}`]) {
        for (const slash of ["", "/"]) {
          expect(await read(client.send(`${base}/tasks/${task.id}${slash}`))).toEqual(task);
          expect(await read(client.send(`${base}/tasks${slash}`))).toMatchObject({ count: 1 });
          const { id } = await read<WireTask>(client.send(`${base}/tasks${slash}`, { json: {} }), 201);
          await read(client.send(`${base}/tasks/${id}/run${slash}`, { method: "POST" }));
          const deleted = await client.send(`${base}/tasks/${id}${slash}`, { method: "DELETE" });
          expect(deleted.status).toBe(204);
        }
      }
    }
  });

  test("is found where a client escapes the @, as the caller is", async () => {
    const client = await createAgentClient();
    const project = await projectOf(client);
    for (const path of ["/api/projects/%40current/", "/api/environments/%40current"]) {
      expect(await read(client.send(path))).toEqual(project);
    }
    expect(await read(client.send("/api/users/%40me/"))).toMatchObject({ team: { id: project.id } });
    expect(await read(client.send("/api/personal_api_keys/%40current/"))).toMatchObject({ scopes: ["*"] });
  });

  test("numbers and names its tasks by itself", async () => {
    const client = await createAgentClient();
    await client.createTask();
    const other = await createProject(client, "NightlyBuildRunner");
    for (const name of [other.number, other.id]) {
      const before = await read<{ count: number }>(client.send(`/api/projects/${name}/tasks/`));
      const task = await read<WireTask>(client.send(`/api/projects/${name}/tasks/`, { json: {} }), 201);
      expect(task).toMatchObject({ task_number: before.count, slug: `NBR-${before.count}` });
      await expectNotFound(client.send(`/${task.id}/`));
      expect(await read(client.send(`/api/projects/${name}/tasks/${task.id}/`))).toEqual(task);
      expect(await read(client.send(`/api/projects/${name}/tasks/${task.id}/run/`, { json: {} }))).toMatchObject({
        latest_run: { task: task.id },
      });
    }
  });

  test("that is not there is 404, whatever is asked", async () => {
    const client = await createAgentClient();
    const task = await client.createTask();
    for (const name of ["999999999", "default", "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be0ff", "@other", "-1"]) {
      await expectNotFound(client.send(`/api/projects/${name}/`));
      for (const [method, path, json] of operations(task)) {
        await expectNotFound(client.send(`/api/projects/${name}${path}`, { method, json }));
      }
    }
    expect(await read(client.send(`/${task.id}`))).toEqual(task);
  });

  test("of another organization is not there, nor are its tasks", async () => {
    const [owner, stranger] = [await createAgentClient(), await createAgentClient()];
    const { id, uuid } = await projectOf(owner);
    const task = await owner.createTask({ title: "Mine", repository: "a/b" });
    for (const name of [id, uuid]) {
      await expectNotFound(stranger.send(`/api/projects/${name}`));
      for (const [method, path, json] of operations(task)) {
        await expectNotFound(stranger.send(`/api/projects/${name}${path}`, { method, json }));
      }
    }
    for (const [method, path, json] of operations(task).filter(([, path]) => path.includes(task.id))) {
      await expectNotFound(stranger.send(`/api/projects/@current${path}`, { method, json }));
    }
    expect(await read(stranger.send("/"))).toMatchObject({ count: 0 });
    expect(await read(stranger.send("/summaries", { json: { ids: [task.id] } }))).toMatchObject({ count: 0 });
    expect(await read(stranger.send("/repositories"))).toEqual({ repositories: [] });
    const [{ results }, again] = [await read<{ results: WireTask[] }>(owner.send("/")), await owner.createTask()];
    expect(results).toEqual([task]);
    expect(again.task_number).toBe(1);
  });

  test("is the only one of a key that is bound to it", async () => {
    const client = await createAgentClient();
    const home = await projectOf(client);
    const other = await createProject(client, "Other");
    const key = await client.makeKey(["task:write"], { projectId: other.id });
    expect(await read(client.send("/api/projects/@current", { key }))).toMatchObject({ id: other.number });
    const task = await read<WireTask>(client.send("/", { key, json: {} }), 201);
    expect(await read(client.send(`/api/projects/${other.number}/tasks/${task.id}`))).toEqual(task);
    for (const name of [home.id, home.uuid]) {
      await expectNotFound(client.send(`/api/projects/${name}/tasks`, { key }));
      await expectNotFound(client.send(`/api/projects/${name}`, { key }));
    }
  });
});

describe("the caller", () => {
  test("is told by @me, with organization and project", async () => {
    const client = await createAgentClient();
    const project = await projectOf(client);
    expect(project).toEqual({
      id: expect.any(Number),
      uuid: client.projectId,
      name: "Default",
      organization: client.id,
      project_id: project.id,
      timezone: "UTC",
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    const organization = { id: client.id, name: client.org, slug: client.org, created_at: expect.any(String) };
    for (const path of ["/api/users/@me", "/api/users/@me/"]) {
      expect(await read(client.send(path))).toMatchObject({
        id: expect.any(Number),
        uuid: client.userId,
        distinct_id: client.userId,
        email: "owner@example.com",
        first_name: "owner",
        last_name: "",
        team: project,
        organization,
        organizations: [organization],
        scopes: ["*"],
      });
    }
  });

  test("is told what the key may do", async () => {
    const client = await createAgentClient();
    const key = await client.makeKey(["task:read", "task:write"], { projectId: client.projectId });
    const { id } = await projectOf(client);
    expect(await read(client.send("/api/personal_api_keys/@current/", { key }))).toEqual({
      id: expect.any(String),
      label: "task:read task:write",
      scopes: ["task:read", "task:write"],
      scoped_teams: [id],
      scoped_organizations: [client.id],
      user_id: expect.any(Number),
      created_at: expect.any(String),
      last_used_at: expect.toSatisfy((value: unknown) => value === null || typeof value === "string"),
    });
    const bad = { type: "authentication_error", code: "authentication_failed", detail: "Invalid API key.", attr: null };
    for (const path of ["/api/personal_api_keys/@current/", "/api/users/@me/", "/api/projects/@current/tasks/"]) {
      expect(await read(client.send(path, { key: "phx_unknown" }), 401)).toEqual(bad);
      expect(await read(call(path), 401)).toMatchObject({ type: "authentication_error", code: "not_authenticated" });
    }
  });
});
