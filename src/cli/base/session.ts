import { Taskyard } from "../../client/index.ts";
import { version } from "../version.ts";
import type { CommonOptions } from "./context.ts";
import { EXIT, Failure, usageFailure } from "./failure.ts";
import { readSettings, type ServerSettings } from "./settings.ts";

/** Tries of a request after the first: somebody is waiting in front of it. */
const RETRIES = 2;

/** A server that commands work with. */
export interface Session {
  readonly client: Taskyard;
  /** Without a slash at the end. */
  readonly url: string;
  readonly org: string;
  readonly workspace: string;
}

/** The server, key, organization and workspace that are meant: by option, by variable, or by the login. */
export async function openSession(options: CommonOptions): Promise<Session> {
  const settings = await readSettings();
  const url = normalizeUrl(options.url ?? settings.current);
  const known: ServerSettings | undefined = settings.servers[url];
  const key = process.env["TASKYARD_API_KEY"] || known?.api_key;
  if (!key) throw new Failure(EXIT.refused, `There is no key for ${url}.`, `Log in first: taskyard login ${url}`);
  // A key of the environment may be one of another organization.
  const isLogin = key === known?.api_key;
  const client = openClient(url, key, {
    organization: options.org ?? (isLogin ? known.org : undefined),
    workspace: options.workspace ?? (isLogin ? known.workspace : undefined),
  });
  return { client, url, org: await client.organization(), workspace: client.workspace };
}

/** A client of a server, which says that it is this program. */
export function openClient(
  url: string,
  apiKey: string,
  place: { organization?: string | undefined; workspace?: string | undefined } = {},
): Taskyard {
  return new Taskyard({ url, apiKey, ...place, retries: RETRIES, headers: { "User-Agent": `taskyard/${version()}` } });
}

/** A server's URL as it is kept: without a path, `https://` where nothing is said. */
export function normalizeUrl(text: string | undefined): string {
  if (!text) {
    const hint =
      "Log in: taskyard login https://taskyard.example.com, or taskyard login --dev for a server on this machine.";
    throw usageFailure("No server is named.", hint);
  }
  try {
    const url = new URL(/^https?:\/\//.test(text) ? text : `https://${text}`);
    return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  } catch {
    throw usageFailure(`${text} is no URL of a server.`, "It looks like https://taskyard.example.com.");
  }
}
