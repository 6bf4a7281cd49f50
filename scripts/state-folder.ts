import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import { z } from "zod";
import { PlainError } from "./command.ts";

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

/** Makes the folder and, the first time, its settings with a bootstrap secret of its own. */
export async function openStateFolder(folder: string): Promise<StateFolder> {
  const state = { folder, data: path.join(folder, "data"), settings: path.join(folder, "settings.env") };
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const settings = [
    "# Settings of the local server; docs/configuration.md lists them all. Restart it after a change.",
    `BOOTSTRAP_SECRET=${randomBytes(32).toString("base64url")}`,
    "# wrangler prints a line per request already.",
    "REQUEST_LOG=off",
    "",
  ].join("\n");
  try {
    await writeFile(state.settings, settings, { flag: "wx", mode: PRIVATE_FILE });
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  }
  return state;
}

/** The secret that makes the first organization. */
export async function readBootstrapSecret(state: StateFolder): Promise<string> {
  const secret = parseEnv(await readFile(state.settings, "utf8"))["BOOTSTRAP_SECRET"];
  if (!secret) throw new PlainError(`${state.settings} has no BOOTSTRAP_SECRET.`);
  return secret;
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

/** Writes the connection whole or not at all. */
export async function writeConnection(state: StateFolder, connection: Connection): Promise<string> {
  const file = connectionFile(state);
  await writeFile(`${file}.new`, `${JSON.stringify(connection, null, 2)}\n`, { mode: PRIVATE_FILE });
  await rename(`${file}.new`, file);
  return file;
}

function connectionFile(state: StateFolder): string {
  return path.join(state.folder, "dev.json");
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
