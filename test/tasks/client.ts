import { expect } from "vitest";
import type { WireRun } from "../../src/runs/model/run-schema.ts";
import type { WireTask } from "../../src/tasks/task-schema.ts";
import { call, createTenant, type Tenant } from "../tenant.ts";

export type { WireRun, WireTask };

/** An answer of a list. */
export interface WirePage<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export interface AgentRequest {
  method?: string;
  json?: unknown;
  key?: string;
  headers?: Record<string, string>;
}

/** A tenant that speaks as agent clients do. */
export interface AgentClient extends Tenant {
  /** Calls a path below `/api/projects/@current/tasks`, or one that begins with `/api`. */
  send: (path: string, request?: AgentRequest) => Promise<Response>;
  createTask: (json?: object) => Promise<WireTask>;
}

export async function createAgentClient(): Promise<AgentClient> {
  const tenant = await createTenant();
  const send: AgentClient["send"] = (path, { method, json, key = tenant.adminKey, headers } = {}) =>
    call(path.startsWith("/api") ? path : `/api/projects/@current/tasks${path}`, {
      method: method ?? (json === undefined ? "GET" : "POST"),
      headers: {
        Authorization: `Bearer ${key}`,
        ...(json !== undefined && { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
  const createTask: AgentClient["createTask"] = (json = {}) => read(send("/", { json }), 201);
  return { ...tenant, send, createTask };
}

/** The JSON body of an answer that has to have this status. */
export async function read<T>(answer: Promise<Response>, status = 200): Promise<T> {
  const response = await answer;
  const copy = response.clone();
  expect(response.status, await copy.text()).toBe(status);
  return response.json<T>();
}

/** Expects the framework envelope of a refused field (agent-tasks 1.3a). */
export async function expectRefused(answer: Promise<Response>, code: string, attr: string | null, detail?: RegExp) {
  const body = await read<object>(answer, 400);
  expect(body).toEqual({ type: "validation_error", code, attr, detail: expect.stringMatching(detail ?? /./) });
}

/** Expects 404 as agent clients know it. */
export async function expectNotFound(answer: Promise<Response>) {
  const body = await read<object>(answer, 404);
  expect(body).toEqual({ type: "invalid_request", code: "not_found", detail: "Not found.", attr: null });
}
