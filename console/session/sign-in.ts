import type { QueryClient } from "@tanstack/react-query";
import { getAccount, listWorkspaces } from "../../src/client/generated/operations.gen.ts";
import { Taskyard } from "../../src/client/taskyard.ts";
import { type Account, addAccount } from "./accounts.ts";
import { projectsQuery } from "./projects-query.ts";

/** Asks the server whose key this is, and keeps the answer as an account. Throws the client's errors. */
export async function signIn(key: string, remembered: boolean): Promise<Account> {
  const { username, organization, api_key } = await getAccount(
    new Taskyard({ url: location.origin, apiKey: key, retries: 1 }),
  );
  const account: Account = {
    org: organization.key,
    orgName: organization.name,
    username,
    scopes: api_key.scopes,
    projectId: api_key.project_id,
    key,
    remembered,
  };
  addAccount(account);
  return account;
}

/** Where an account begins: its own project, else the default one of the default workspace. */
export async function findHome({ org, key, projectId }: Account, queries: QueryClient): Promise<string> {
  const yard = new Taskyard({ url: location.origin, apiKey: key, organization: org });
  const { workspaces } = await listWorkspaces(yard);
  for (const workspace of workspaces.toSorted((one, other) => Number(other.is_default) - Number(one.is_default))) {
    const projects = await queries.fetchQuery(projectsQuery(yard, org, workspace.key));
    const project = projectId
      ? projects.find(({ id }) => id === projectId)
      : (projects.find(({ is_default }) => is_default) ?? projects[0]);
    if (project) return `/${org}/${workspace.key}/${project.key}/runs`;
  }
  return `/${org}`;
}
