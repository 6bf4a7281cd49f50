import { chmod, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { EXIT, Failure } from "./failure.ts";

/** Readable by their owner only: they hold keys. */
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
const OTHERS = 0o077;

/** What is known of a server that one has logged in to. */
export interface ServerSettings {
  api_key: string;
  org: string;
  workspace: string;
  /** The key that runners of this machine use there, once one was started. */
  runner_key?: string;
}

export interface Settings {
  /** The server that is meant where nothing is said. */
  current?: string;
  servers: Record<string, ServerSettings>;
}

/** `config.json` in `$XDG_CONFIG_HOME/taskyard` or `~/.config/taskyard`; TASKYARD_CONFIG names another file. */
export function settingsFile(env: NodeJS.ProcessEnv = process.env): string {
  if (env["TASKYARD_CONFIG"]) return path.resolve(env["TASKYARD_CONFIG"]);
  return path.join(env["XDG_CONFIG_HOME"] || path.join(homedir(), ".config"), "taskyard", "config.json");
}

/** Where this program keeps what it has begun: `$XDG_STATE_HOME/taskyard` or `~/.local/state/taskyard`. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(env["XDG_STATE_HOME"] || path.join(homedir(), ".local", "state"), "taskyard");
}

/** The settings; empty ones before the first login. Others are kept from reading the file from now on. */
export async function readSettings(): Promise<Settings> {
  const file = settingsFile();
  let text: string;
  try {
    text = await readFile(file, "utf8");
    const { mode } = await stat(file);
    if ((mode & OTHERS) !== 0) await chmod(file, PRIVATE_FILE);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { servers: {} };
    throw new Failure(EXIT.failure, `${file} cannot be read: ${String(error)}`);
  }
  const settings = parseSettings(text);
  if (settings) return settings;
  throw new Failure(EXIT.failure, `${file} is damaged.`, "Remove it and log in again: taskyard login");
}

/** What this program has written; undefined where it is something else. */
function parseSettings(text: string): Settings | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !isRecord(value["servers"])) return undefined;
  const { current } = value;
  const servers = Object.entries(value["servers"]).filter((entry): entry is [string, ServerSettings] =>
    isServer(entry[1]),
  );
  return { servers: Object.fromEntries(servers), ...(typeof current === "string" && { current }) };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isServer = (value: unknown): value is ServerSettings =>
  isRecord(value) && ["api_key", "org", "workspace"].every((name) => typeof value[name] === "string");

/** Changes the settings of one server; `isCurrent` makes it the one that is meant from now on. */
export async function saveServer(url: string, server: ServerSettings, isCurrent: boolean): Promise<string> {
  const settings = await readSettings();
  settings.servers[url] = server;
  if (isCurrent) settings.current = url;
  return await writeSettings(settings);
}

/** Writes them whole or not at all, and says where they are. */
export async function writeSettings(settings: Settings): Promise<string> {
  const file = settingsFile();
  await writePrivate(file, `${JSON.stringify(settings, null, 2)}\n`);
  return file;
}

/** Writes a file that only its owner reads, whole or not at all. */
export async function writePrivate(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, text, { mode: PRIVATE_FILE });
  await rename(fresh, file);
}
