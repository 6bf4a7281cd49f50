import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { EXIT, Failure, usageFailure } from "../base/failure.ts";

/** What the files of a folder say that it is. */
export interface TaskIdentity {
  name: string;
  version: string;
  /** The file that says it. */
  manifest: "task.yaml" | "task.toml";
}

/** What the command line says in place of the files. */
interface Given {
  name?: string | undefined;
  version?: string | undefined;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,127}$/;
const VERSION = /^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})$/;
/** Of a task in Harbor's format, which has none. */
const FIRST_VERSION = "1.0.0";

export const isTaskName = (name: string) => NAME.test(name);

/** Name and version of the task in a folder: by its task.yaml, or its task.toml and the command line. */
export async function identifyTask(folder: string, given: Given): Promise<TaskIdentity> {
  await requireFolder(folder);
  const yaml = await readText(path.join(folder, "task.yaml"));
  const identity = yaml === undefined ? await readHarbor(folder, given) : await readManifest(yaml, given);
  if (!isTaskName(identity.name)) {
    throw usageFailure(
      `${identity.name} cannot be a task's name.`,
      "Names are of a-z, 0-9 and dashes; --name gives another one.",
    );
  }
  if (!VERSION.test(identity.version)) {
    throw usageFailure(
      `${identity.version} cannot be a task's version.`,
      "Versions are MAJOR.MINOR.PATCH, such as 1.0.0.",
    );
  }
  return identity;
}

async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found)
    throw usageFailure(`There is no folder ${folder}.`, `Make a task to begin with: taskyard task init ${folder}`);
  if (!found.isDirectory()) throw usageFailure(`${folder} is no folder.`);
}

async function readManifest(text: string, given: Given): Promise<TaskIdentity> {
  const { parseYaml } = await import("../base/yaml.ts");
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw usageFailure(`task.yaml: ${error instanceof Error ? error.message : String(error)}`);
  }
  const name = fieldOf(value, "name");
  const version = fieldOf(value, "version");
  if (name === undefined || version === undefined) {
    throw usageFailure(
      "task.yaml has no name, or no version.",
      "Both are needed: `name: my-task` and `version: 1.0.0`.",
    );
  }
  for (const [option, said, file] of [
    ["--name", given.name, name],
    ["--task-version", given.version, version],
  ]) {
    if (said !== undefined && said !== file)
      throw usageFailure(`${option} ${said}: task.yaml says ${file}.`, "Change task.yaml.");
  }
  return { name, version, manifest: "task.yaml" };
}

async function readHarbor(folder: string, given: Given): Promise<TaskIdentity> {
  const text = await readText(path.join(folder, "task.toml"));
  if (text === undefined) {
    throw new Failure(
      EXIT.usage,
      `${folder} holds no task: it has neither a task.yaml nor a task.toml.`,
      "Make one to begin with: taskyard task init NAME",
    );
  }
  const { parse } = await import("smol-toml");
  let own: string | undefined;
  try {
    own = fieldOf(parse(text)["task"], "name")?.split("/").at(-1);
  } catch (error) {
    throw usageFailure(`task.toml: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {
    name:
      given.name ??
      own ??
      path
        .basename(path.resolve(folder))
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]+/g, "-"),
    version: given.version ?? FIRST_VERSION,
    manifest: "task.toml",
  };
}

async function readText(file: string): Promise<string | undefined> {
  return await readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return undefined;
    throw error;
  });
}

function fieldOf(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null || !(name in value)) return undefined;
  const field: unknown = Reflect.get(value, name);
  return typeof field === "string" || typeof field === "number" ? String(field) : undefined;
}
