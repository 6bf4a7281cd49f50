import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { buildApp } from "../../src/app.ts";
import type { Environment } from "../../src/environments/object/environment-object.ts";
import type { CommandResponse, ExecuteResponse } from "../../src/environments/commands/command-schemas.ts";
import type { EnvironmentResponse } from "../../src/environments/environment-schemas.ts";
import { type ErrorBody, packTask } from "../registry/archives.ts";
import { publishVersion } from "../registry/published.ts";
import { createTenant, type Tenant } from "../tenant.ts";

type Init = Parameters<Tenant["api"]>[1];

/** A tenant with a published task and a ready environment of it. */
export interface EnvironmentClient {
  tenant: Tenant;
  /** Path of the workspace's environments below /api/v1. */
  base: string;
  environment: EnvironmentResponse;
  token: string;
  /** Calls a path below the environment, with its token unless another is given. */
  onEnvironment: (path: string, init?: Init) => Promise<Response>;
  /** Executes a command; fails unless the answer is 200. */
  execute: (command: string, fields?: object) => Promise<ExecuteResponse>;
  /** Starts a command in the background. */
  start: (command: string, fields?: object) => Promise<CommandResponse>;
  getCommand: (id: string) => Promise<CommandResponse>;
}

export const basePath = ({ org, workspace }: Tenant) => `/org/${org}/ws/${workspace}/environments`;

/** Publishes a task of these files; `yaml` has fields of its task.yaml. */
export async function publishTask(
  tenant: Tenant,
  { yaml = {}, files = {} }: { yaml?: Record<string, unknown>; files?: Record<string, string | Uint8Array> } = {},
): Promise<void> {
  await publishVersion(tenant, "sample", "1.0.0", packTask({ source: undefined, ...yaml }, files));
}

/** Asks for an environment; fails unless it is made. */
export async function provision(tenant: Tenant, json: object = {}, init: Init = {}): Promise<EnvironmentResponse> {
  const response = await tenant.api(basePath(tenant), {
    method: "POST",
    json: { task_ref: "sample", ...json },
    ...init,
  });
  const body = await response.json<EnvironmentResponse>();
  expect(response.status, JSON.stringify(body)).toBe(201);
  return body;
}

export async function createEnvironmentClient({
  yaml,
  files,
  ...json
}: { yaml?: Record<string, unknown>; files?: Record<string, string | Uint8Array> } & Record<
  string,
  unknown
> = {}): Promise<EnvironmentClient> {
  const tenant = await createTenant();
  await publishTask(tenant, { ...(yaml && { yaml }), ...(files && { files }) });
  return connect(tenant, await provision(tenant, json));
}

/** The body of an answer that has to have this status. */
async function expectBody<T>(response: Response, status: number): Promise<T> {
  const text = await response.text();
  expect(response.status, text).toBe(status);
  const body: T = JSON.parse(text);
  return body;
}

/** A client of an environment that is there. */
export function connect(tenant: Tenant, environment: EnvironmentResponse): EnvironmentClient {
  const base = basePath(tenant);
  const token = environment.execute_token ?? "";
  const onEnvironment: EnvironmentClient["onEnvironment"] = (path, init = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("X-Environment-Token")) headers.set("X-Environment-Token", token);
    return tenant.api(`${base}/${environment.id}${path}`, { ...init, headers });
  };
  return {
    tenant,
    base,
    environment,
    token,
    onEnvironment,
    execute: async (command, fields = {}) =>
      expectBody(await onEnvironment("/execute", { method: "POST", json: { command, ...fields } }), 200),
    start: async (command, fields = {}) =>
      expectBody(await onEnvironment("/commands", { method: "POST", json: { command, ...fields } }), 201),
    getCommand: async (id) => expectBody(await onEnvironment(`/commands/${id}`), 200),
  };
}

/** The object of an environment, for tests that look behind the API. */
export function objectOf({ id }: { id: string }): DurableObjectStub<Environment> {
  return env.ENVIRONMENT.getByName(id);
}

/** Ends the object at once, as a crash or a deployment does: its connections break, what is committed stays. */
export async function loseObject(environment: { id: string }): Promise<void> {
  await expect(runInDurableObject(objectOf(environment), (_, state) => state.abort("lost"))).rejects.toThrow("lost");
}

/** The error body of an answer that has to have this status. */
export async function expectRefusal(response: Response, status: number): Promise<ErrorBody> {
  const body = await response.json<ErrorBody>();
  expect(response.status, JSON.stringify(body)).toBe(status);
  return body;
}

/** Executes where an answer begins after a second without anything to say. */
export async function executeSoon(
  { tenant, base, environment, token }: EnvironmentClient,
  command: object,
): Promise<Response> {
  const app = buildApp();
  const request = new Request(`https://taskyard.test/api/v1${base}/${environment.id}/execute`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${tenant.adminKey}`,
      "Content-Type": "application/json",
      "X-Environment-Token": token,
    },
    body: JSON.stringify(command),
  });
  return app.fetch(request, { ...env, EXECUTE_KEEPALIVE_SECONDS: 1 }, createExecutionContext());
}
