import { expect } from "vitest";
import { type AgentClient, createAgentClient, read, type WireRun } from "../tasks/client.ts";
import { call } from "../tenant.ts";

/** A file in a list. */
export interface WireFile {
  file_id: string;
  file_name: string;
  variable_id: string | null;
  created_at: string;
  step_id: string | null;
}

export interface WireFileList {
  task_id: number;
  files: WireFile[];
  total_files: number;
  next_cursor: string | null;
}

export interface WireDownload {
  file_id: string;
  file_name: string;
  content_type: string;
  download_url: string;
  expires_at: string;
}

export interface FlowRequest {
  method?: string;
  json?: unknown;
  key?: string;
}

/** A tenant that speaks as workflow clients do, with one task. */
export interface WorkflowClient extends AgentClient {
  /** The task's integer, and its id in the API for agents. */
  taskId: number;
  agentTaskId: string;
  /** Calls a path with X-API-Key; POST with `json`, else GET. */
  flow: (path: string, request?: FlowRequest) => Promise<Response>;
  /** Makes a run of the task. */
  startRun: (json?: object) => Promise<WireRun>;
  patchRun: (runId: string, json: object) => Promise<WireRun>;
  /** Uploads artifacts to a run, as its agent does. */
  produce: (runId: string, ...artifacts: object[]) => Promise<void>;
  attach: (json?: object) => Promise<WireFile>;
  files: (query?: string) => Promise<WireFileList>;
}

export const toBase64 = (text: string) => new TextEncoder().encode(text).toBase64();

export async function createWorkflowClient(task: object = { title: "Contract" }): Promise<WorkflowClient> {
  const client = await createAgentClient();
  const { id: agentTaskId, task_id: taskId } = await client.createTask(task);
  const runs = `/${agentTaskId}/runs`;
  const flow: WorkflowClient["flow"] = (path, { method, json, key = client.adminKey } = {}) =>
    call(path, {
      method: method ?? (json === undefined ? "GET" : "POST"),
      headers: { "X-API-Key": key, ...(json !== undefined && { "Content-Type": "application/json" }) },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
  return {
    ...client,
    taskId,
    agentTaskId,
    flow,
    startRun: (json = { status: "in_progress" }) => read<WireRun>(client.send(`${runs}/`, { json }), 201),
    patchRun: (runId, json) => read<WireRun>(client.send(`${runs}/${runId}/`, { method: "PATCH", json })),
    produce: async (runId, ...artifacts) => {
      await read(client.send(`${runs}/${runId}/artifacts/`, { json: { artifacts } }));
    },
    attach: (json = {}) => {
      const file = { file_name: "contract.pdf", file_content_base64: toBase64("%PDF-1.7"), ...json };
      return read<WireFile>(flow(`/tasks/${taskId}/files`, { json: file }), 201);
    },
    files: (query = "") => read<WireFileList>(flow(`/tasks/${taskId}/files${query}`)),
  };
}

/** Expects a refusal in the body of workflow files. */
export async function expectDetail(answer: Promise<Response>, status: number, detail: string | RegExp): Promise<void> {
  const expected = typeof detail === "string" ? detail : expect.stringMatching(detail);
  expect(await read(answer, status)).toEqual({ detail: expected });
}
