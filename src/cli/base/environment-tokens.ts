import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { EXIT, Failure, usageFailure } from "./failure.ts";
import { stateFolder, writePrivate } from "./settings.ts";
import { UUID } from "./words.ts";

/**
 * Tokens of the environments that were made on this machine: the server shows each once. A file each, mode 600, so that
 * commands side by side do not overwrite one another.
 */
interface KeptEnvironment {
  id: string;
  url: string;
  token: string;
  task_ref: string;
  /** Milliseconds since 1970. */
  made_at: number;
}

/** Milliseconds after which a token is of no use: no environment lives longer than a day, nor can be read a day after its end. */
const KEEP_MS = 3 * 86_400_000;

function folder(): string {
  return path.join(stateFolder(), "environments");
}

const fileOf = (id: string) => path.join(folder(), `${id}.json`);

/** Keeps a token, and forgets those that are too old. */
export async function keepEnvironment(environment: Omit<KeptEnvironment, "made_at">): Promise<void> {
  const now = Date.now();
  for (const old of await listKept()) if (old.made_at < now - KEEP_MS) await forgetEnvironment(old.id);
  await writePrivate(fileOf(environment.id), `${JSON.stringify({ ...environment, made_at: now })}\n`);
}

export async function forgetEnvironment(id: string): Promise<void> {
  await rm(fileOf(id), { force: true });
}

/** The environment that is meant, with its token where it was made on this machine: by TASKYARD_ENVIRONMENT_TOKEN otherwise. */
export async function findEnvironment(
  reference: string,
  url: string,
): Promise<{ id: string; token: string | undefined }> {
  const kept = (await listKept()).filter((environment) => environment.url === url);
  const given = process.env["TASKYARD_ENVIRONMENT_TOKEN"];
  if (reference === "latest") {
    const latest = kept.toSorted((one, other) => other.made_at - one.made_at)[0];
    if (!latest)
      throw new Failure(EXIT.notFound, "No environment was made here yet.", "Make one: taskyard env create TASK");
    return { id: latest.id, token: latest.token };
  }
  const found = kept.filter(({ id }) => id === reference || (reference.length >= 6 && id.endsWith(reference)));
  if (found.length > 1) throw usageFailure(`${reference} is the end of ${found.length} ids.`, "Write the id whole.");
  if (!found[0] && !UUID.test(reference)) {
    throw new Failure(
      EXIT.notFound,
      `${reference} is no id of an environment.`,
      "See what there is: taskyard env list",
    );
  }
  return { id: found[0]?.id ?? reference, token: given || found[0]?.token };
}

/** The same, where commands and files need the token. */
export async function requireEnvironment(reference: string, url: string): Promise<{ id: string; token: string }> {
  const { id, token } = await findEnvironment(reference, url);
  if (token !== undefined) return { id, token };
  throw new Failure(
    EXIT.refused,
    `The token of ${id} is not known here: it is shown once, when an environment is made.`,
    "Use the machine that made it, set TASKYARD_ENVIRONMENT_TOKEN, or make one here: taskyard env create TASK",
  );
}

async function listKept(): Promise<KeptEnvironment[]> {
  const names = await readdir(folder()).catch(() => []);
  const texts = names.filter((name) => name.endsWith(".json")).map((name) => readKept(path.join(folder(), name)));
  return (await Promise.all(texts)).filter((environment) => environment !== undefined);
}

async function readKept(file: string): Promise<KeptEnvironment | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(file, "utf8"));
    return isKept(kept) ? kept : undefined;
  } catch {
    // Another command may have removed it meanwhile.
    return undefined;
  }
}

function isKept(value: unknown): value is KeptEnvironment {
  return (
    typeof value === "object" &&
    value !== null &&
    ["id", "url", "token", "task_ref"].every((name) => name in value && typeof Reflect.get(value, name) === "string") &&
    typeof Reflect.get(value, "made_at") === "number"
  );
}
