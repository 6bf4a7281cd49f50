import { env } from "cloudflare:workers";
import { signAgentToken, signIngestToken, signStreamToken, type TokenRun } from "../../src/auth/run-tokens.ts";
import { grants, type Scope, SCOPES } from "../../src/auth/scopes.ts";
import { readConfig } from "../../src/config.ts";
import { provision, publishTask } from "../environments/client.ts";
import { createWorkflowClient, type WorkflowClient } from "../files/workflow-client.ts";
import { createTenant, type Tenant } from "../tenant.ts";
import type { Operation } from "./operations.ts";

/** An organization with one of everything that paths name, and those who have no business with it. */
export interface Scene {
  client: WorkflowClient;
  stranger: Tenant;
  /** A project of the same organization in another workspace. */
  otherProjectId: string;
  /** Values of path parameters: what is there, and belongs to the client's project where it belongs to one. */
  named: Record<string, string>;
  /** The run that is there, and another one. */
  run: TokenRun;
  otherRun: TokenRun;
  /** The token of the environment that paths name. */
  environmentToken: string;
  /** The token of another environment than the one that paths name. */
  otherEnvironmentToken: string;
  /** Ids that nobody may read in an answer who has no business with the client's project. */
  secrets: string[];
}

export async function setScene(): Promise<Scene> {
  const [client, stranger] = [await createWorkflowClient(), await createTenant()];
  const { org, projectId, api } = client;
  await publishTask(client);
  const environment = await provision(client, { project_id: projectId });
  const other = await provision(client, { project_id: projectId });
  const [run, second, file] = [await client.startRun(), await client.startRun(), await client.attach()];
  const { number } = await (await api(`/org/${org}/ws/main/projects/default`)).json<{ number: number }>();
  await api(`/org/${org}/ws`, { method: "POST", json: { key: "second", name: "Second" } });
  const made = await api(`/org/${org}/ws/second/projects`, { method: "POST", json: { key: "apart", name: "Apart" } });
  const { id: otherProjectId } = await made.json<{ id: string }>();
  // By the name that the document's examples use.
  await api(`/org/${org}/secrets`, { method: "POST", json: { name: "API_TOKEN", value: "of the scene" } });
  await api(`/../projects/${number}/v1/stream/sample`, { method: "PUT", headers: { "Content-Type": "text/plain" } });
  const tokenRun = { runId: run.id, taskId: client.agentTaskId, projectNumber: number };
  return {
    client,
    stranger,
    otherProjectId,
    named: {
      org,
      ws: "main",
      project: "default",
      project_id: String(number),
      user_id: client.userId,
      name: "sample",
      version: "1.0.0",
      environment_id: environment.id,
      task_id: client.agentTaskId,
      run_id: run.id,
      file_id: file.file_id,
    },
    run: tokenRun,
    otherRun: { ...tokenRun, runId: second.id },
    environmentToken: environment.execute_token ?? "",
    otherEnvironmentToken: other.execute_token ?? "",
    secrets: [projectId, environment.id, client.agentTaskId, run.id, file.file_id],
  };
}

/** The headers of who sends a request. */
export type Identity = (scene: Scene, operation: Operation) => Promise<Record<string, string>>;

/** Keys that are used again, by whose they are and what they may do, and tokens, by what they open. */
const kept = new Map<string, Promise<string>>();

function keep(name: string, make: () => Promise<string>): Promise<string> {
  const found = kept.get(name) ?? make();
  kept.set(name, found);
  return found;
}

/** A key of the tenant; one of its own for the operation that revokes the key it is called with. */
function keyFor(tenant: Tenant, operation: Operation, ...asked: Parameters<Tenant["makeKey"]>): Promise<string> {
  if (operation.operation.operationId === "revokeOwnApiKey") return tenant.makeKey(...asked);
  return keep(JSON.stringify([tenant.id, ...asked]), () => tenant.makeKey(...asked));
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const ALL: Scope[] = [...SCOPES];
const LONG_AGO = new Date("2026-01-01T00:00:00Z");
const secretsOf = () => readConfig(env).RUN_TOKEN_PRIVATE_KEY;

/** The scope that an operation asks for; undefined where any key will do, or none. */
export function scopeOf({ operation }: Operation): Scope | undefined {
  return SCOPES.find((scope) => scope === operation["x-required-scope"]);
}

export const RUN_TOKENS = {
  stream: (run: TokenRun) => keep(`stream ${run.runId}`, () => signStreamToken(secretsOf(), run, "viewer")),
  events: (run: TokenRun) => keep(`events ${run.runId}`, () => signIngestToken(secretsOf(), run)),
  agent: (run: TokenRun) => keep(`agent ${run.runId}`, () => signAgentToken(secretsOf(), run)),
  // Of an agent that an evaluation has let into an environment of its own.
  environment: (run: TokenRun) =>
    keep(`environment ${run.runId}`, () =>
      signAgentToken(secretsOf(), run, {
        id: run.runId,
        organizationId: "another",
        organizationKey: "another",
        workspaceKey: "main",
      }),
    ),
};

export const IDENTITIES = {
  "no key": async () => ({}),
  "a key of nonsense": async () => bearer("nonsense"),
  "a key that was never made": async () => bearer(`ty_${"0".repeat(24)}_${"0".repeat(64)}`),
  "a revoked key": async ({ client }, asked) => bearer(await keyFor(client, asked, ALL, { revokedAt: LONG_AGO })),
  "a key that is switched off": async ({ client }, asked) =>
    bearer(await keyFor(client, asked, ALL, { suspendedAt: LONG_AGO })),
  "an expired key": async ({ client }, asked) => bearer(await keyFor(client, asked, ALL, { expiresAt: LONG_AGO })),
  // A key that holds every scope which does not grant the one that is needed; the least one where any will do.
  "a key of the wrong scope": async ({ client }, operation) => {
    const needed = scopeOf(operation);
    const scopes = needed ? SCOPES.filter((scope) => !grants([scope], needed)) : (["runner"] satisfies Scope[]);
    return bearer(await keyFor(client, operation, scopes));
  },
  // Whoever has come by an environment's token still needs a key that sees the environment.
  "another organization's key": async ({ stranger, environmentToken }, asked) => ({
    ...bearer(await keyFor(stranger, asked, ALL)),
    "X-Environment-Token": environmentToken,
  }),
  "another project's key": async ({ client, otherProjectId: projectId, environmentToken }, asked) => ({
    ...bearer(await keyFor(client, asked, ALL, { projectId })),
    "X-Environment-Token": environmentToken,
  }),
  "a token of the run's stream": async ({ run }) => bearer(await RUN_TOKENS.stream(run)),
  "a token of the run's events": async ({ run }) => bearer(await RUN_TOKENS.events(run)),
  "a token of the run's agent": async ({ run }) => bearer(await RUN_TOKENS.agent(run)),
  "a token of another run": async ({ otherRun }, { operation }) =>
    bearer(await RUN_TOKENS[operation["x-run-token"] ?? "agent"](otherRun)),
  "an environment's token in place of a key": async ({ otherEnvironmentToken: token }) => ({
    ...bearer(token),
    "X-Environment-Token": token,
  }),
  // The last one, since it may do whatever asks for no such token: delete what the others ask for.
  "a key with another environment's token": async ({ client, otherEnvironmentToken: token }, asked) => ({
    ...bearer(await keyFor(client, asked, ALL)),
    "X-Environment-Token": token,
  }),
} satisfies Record<string, Identity>;

export type IdentityName = keyof typeof IDENTITIES;
