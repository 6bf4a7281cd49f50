import { z } from "zod";
import { type ApiAccess, callApi, jsonOf } from "./api-client.ts";
import type { LocalServer } from "./local-server.ts";
import { type Connection, readBootstrapSecret, type StateFolder } from "./state-folder.ts";

/** What the tools need of the answer of `POST /api/v1/organizations`. */
const createdSchema = z.object({
  organization: z.object({ key: z.string() }),
  workspace: z.object({ key: z.string() }),
  project: z.object({ number: z.int() }),
  api_key: z.object({ key: z.string() }),
});

/**
 * Makes the first organization of a local server, with its workspace, project, owner and admin key, as every operator
 * makes it: through the public bootstrap operation.
 */
export async function createFirstOrganization(
  { baseUrl }: LocalServer,
  state: StateFolder,
  signal: AbortSignal,
): Promise<Connection> {
  return await createOrganization({ baseUrl, key: await readBootstrapSecret(state), signal }, "local");
}

/** Makes an organization, the first with the bootstrap secret and others with an admin key. */
export async function createOrganization(access: ApiAccess, name: string): Promise<Connection> {
  const answer = await callApi(access, {
    method: "POST",
    path: "/api/v1/organizations",
    json: { key: name, name: "Local", owner: { username: "developer", email: "developer@example.com" } },
    expect: 201,
  });
  const { organization, workspace, project, api_key } = createdSchema.parse(jsonOf(answer));
  return {
    base_url: access.baseUrl,
    org: organization.key,
    workspace: workspace.key,
    project_id: project.number,
    api_key: api_key.key,
  };
}
