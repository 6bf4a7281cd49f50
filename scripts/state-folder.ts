import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import { PlainError } from "./command.ts";
import { makePrivateKey, publicPemOf } from "./run-token-key.ts";

/** Readable by the owner only: the folder holds a secret and a key. */
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** Where a local server keeps what must outlive it. */
export interface StateFolder {
  folder: string;
  /** D1, R2 and the rest, as wrangler keeps them. */
  data: string;
  /** Settings and secrets of the local server, `NAME=value` lines: the vars of docs/configuration.md. */
  settings: string;
}

/** What `dev.json` tells tools about the running server. `project_id` is the number that agent clients use. */
const connectionSchema = z.object({
  base_url: z.url(),
  org: z.string(),
  workspace: z.string(),
  project_id: z.int(),
  api_key: z.string(),
});

export type Connection = z.output<typeof connectionSchema>;

const drawSecret = () => randomBytes(32).toString("base64url");

/** Settings that a local server cannot do without, each made once and then kept. */
const SETTINGS: Record<string, () => string> = {
  BOOTSTRAP_SECRET: drawSecret,
  LINK_SIGNING_SECRETS: () => `local:${drawSecret()}`,
  RUN_TOKEN_PRIVATE_KEY: () => `"${makePrivateKey()}"`,
  // Agents' servers on this machine.
  AGENT_HOSTS: () => "*.modal.run,*.modal.host,http://localhost:*,http://127.0.0.1:*",
  WEBHOOK_ENCRYPTION_SECRETS: () => `local:${drawSecret()}`,
  SECRET_ENCRYPTION_KEYS: () => `local:${drawSecret()}`,
  // Takers of webhooks on this machine.
  WEBHOOK_HOSTS: () => "http://localhost:*,http://127.0.0.1:*",
  // The names of this machine: links repeat the name that a request comes to.
  ALLOWED_HOSTS: () => "127.0.0.1,localhost,[::1]",
  // wrangler prints a line per request already.
  REQUEST_LOG: () => "off",
};

const SETTINGS_HEAD =
  "# Settings of the local server; docs/configuration.md lists them all. Restart it after a change.\n";

/** Makes the folder and its settings; to those of an earlier start it adds what a newer server needs. */
export async function openStateFolder(folder: string): Promise<StateFolder> {
  const state = { folder, data: path.join(folder, "data"), settings: path.join(folder, "settings.env") };
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const text = await readFile(state.settings, "utf8").catch((error: unknown) => {
    if (isCode(error, "ENOENT")) return SETTINGS_HEAD;
    throw error;
  });
  const known = parseEnv(text);
  const missing = Object.entries(SETTINGS).filter(([name]) => known[name] === undefined);
  if (missing.length === 0) return state;
  const added = missing.map(([name, make]) => `${name}=${make()}\n`).join("");
  const complete = text === "" || text.endsWith("\n") ? text + added : `${text}\n${added}`;
  await writeWhole(state.settings, complete);
  return state;
}

/** The secret that makes the first organization. */
export async function readBootstrapSecret(state: StateFolder): Promise<string> {
  return await readSetting(state, "BOOTSTRAP_SECRET");
}

async function readSetting(state: StateFolder, name: string): Promise<string> {
  const value = parseEnv(await readFile(state.settings, "utf8"))[name];
  if (!value) throw new PlainError(`${state.settings} has no ${name}.`);
  return value;
}

/** The connection that the last start wrote; undefined before the first. */
export async function readConnection(state: StateFolder): Promise<Connection | undefined> {
  const file = connectionFile(state);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return connectionSchema.parse(JSON.parse(text));
  } catch {
    throw new PlainError(`${file} is damaged. Remove ${state.folder} to begin anew; its data goes with it.`);
  }
}

/** Writes the connection, with the key that agents' servers check tokens of runs with. */
export async function writeConnection(state: StateFolder, connection: Connection): Promise<string> {
  const file = connectionFile(state);
  const connection_public_key_pem = publicPemOf(await readSetting(state, "RUN_TOKEN_PRIVATE_KEY"));
  await writeWhole(file, `${JSON.stringify({ ...connection, connection_public_key_pem }, null, 2)}\n`);
  return file;
}

/** Writes a private file whole or not at all. */
async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: PRIVATE_FILE });
  await rename(`${file}.new`, file);
}

function connectionFile(state: StateFolder): string {
  return path.join(state.folder, "dev.json");
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
