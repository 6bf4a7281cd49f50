import { readFile } from "node:fs/promises";
import path from "node:path";
import { getAccount, listWorkspaces } from "../../client/index.ts";
import { readSecret } from "../base/ask.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Failure, usageFailure } from "../base/failure.ts";
import { normalizeUrl, openClient } from "../base/session.ts";
import { readSettings, saveServer } from "../base/settings.ts";

interface LoginOptions extends CommonOptions {
  dev?: string | true | undefined;
}

/** `taskyard login`: tries the key before it is kept. */
export async function run({ out, signal }: Context, server: string | undefined, options: LoginOptions): Promise<void> {
  const local =
    options.dev === undefined ? undefined : await readLocal(options.dev === true ? ".taskyard" : options.dev);
  const url = local?.url ?? normalizeUrl(server ?? options.url ?? (await readSettings()).current);
  const key = local?.key ?? (await readSecret(`API key for ${url}: `));
  if (key === "") throw usageFailure("There is no key.", "Type it, or pass it on standard input.");
  const client = openClient(url, key);
  const account = await getAccount(client, { signal });
  const org = account.organization.key;
  const workspace = options.workspace ?? (await defaultWorkspace(client, org, signal));
  const known = (await readSettings()).servers[url];
  const runnerKey = known?.org === org ? known.runner_key : undefined;
  const file = await saveServer(
    url,
    { api_key: key, org, workspace, ...(runnerKey && { runner_key: runnerKey }) },
    true,
  );
  out.result(
    { url, org, workspace, username: account.username, config: file },
    () => `${account.username} in ${org} on ${url}, workspace ${workspace}`,
  );
  out.note(`The key is kept in ${file}.`);
}

async function defaultWorkspace(
  client: ReturnType<typeof openClient>,
  org: string,
  signal: AbortSignal,
): Promise<string> {
  const { workspaces } = await listWorkspaces(client, { path: { org }, signal });
  return (workspaces.find(({ is_default }) => is_default) ?? workspaces[0])?.key ?? "main";
}

/** What `taskyard dev` has written for tools. */
async function readLocal(folder: string): Promise<{ url: string; key: string }> {
  const file = path.resolve(folder, "dev.json");
  const start = "Start it, and log in while it runs: taskyard dev";
  try {
    const { base_url: url, api_key: key }: Record<string, unknown> = JSON.parse(await readFile(file, "utf8"));
    if (typeof url === "string" && typeof key === "string") return { url: normalizeUrl(url), key };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new Failure(EXIT.usage, `No server has run here: there is no ${file}.`, start);
  }
  throw new Failure(EXIT.usage, `${file} is damaged.`, start);
}
