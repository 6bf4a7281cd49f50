/** What the check acts on: one of everything that a path of the document names, made as a client makes it. */
import { z } from "zod";
import { type ApiAccess, callApi, jsonOf } from "../api-client.ts";
import { packExample } from "../example-archive.ts";
import type { Connection } from "../state-folder.ts";

const idSchema = z.object({ id: z.string() });
const environmentSchema = z.object({ id: z.string(), state: z.string(), execute_token: z.string().nullable() });

/** Seconds that the environments of the check live. */
const ENVIRONMENT_SECONDS = 3_600;
const LOOK_MS = 200;

/** Values of path parameters, and the token of the environment. */
export interface Subjects {
  parameters: Record<string, string>;
  environmentToken: string;
}

export async function makeSubjects(access: ApiAccess, connection: Connection): Promise<Subjects> {
  const { org, workspace, project_id } = connection;
  const example = await packExample();
  const versions = `/api/v1/org/${org}/tasks/${example.name}/versions/${example.version}`;
  await callApi(access, { method: "PUT", path: versions, bytes: example.bytes, expect: 201 });
  const tasks = `/api/projects/${project_id}/tasks`;
  const post = async (path: string, json: unknown) =>
    idSchema.parse(jsonOf(await callApi(access, { method: "POST", path, json, expect: 201 }))).id;
  const task = await post(`${tasks}/`, { description: "Hold the server" });
  const run = await post(`${tasks}/${task}/runs/`, { environment: "local", status: "in_progress" });
  const { id: environment, token } = await provision(access, connection, example.name);
  return {
    parameters: {
      org,
      workspace,
      ws: workspace,
      project_id: String(project_id),
      id: run,
      task_id: task,
      run_id: run,
      environment_id: environment,
      name: example.name,
      version: example.version,
    },
    environmentToken: token,
  };
}

/** An environment of the task in the embedded sandbox, once it is ready. */
async function provision(access: ApiAccess, { org, workspace }: Connection, task: string) {
  const path = `/api/v1/org/${org}/ws/${workspace}/environments`;
  const json = { task_ref: task, sandbox_provider: "embedded", timeout_sec: ENVIRONMENT_SECONDS };
  const made = await callApi(access, { method: "POST", path, json, expect: 201 });
  const { id, state, execute_token } = environmentSchema.parse(jsonOf(made));
  for (let now = state; now !== "ready";) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    access.signal.throwIfAborted();
    const answer = await callApi(access, { method: "GET", path: `${path}/${id}`, expect: 200 });
    now = environmentSchema.parse(jsonOf(answer)).state;
  }
  return { id, token: execute_token ?? "" };
}
