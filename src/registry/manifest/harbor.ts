import { parse, TomlError } from "smol-toml";
import type { StoredProblem } from "../../db/schema.ts";
import { type ArchiveFiles, UnreadableText } from "../archive/archive-files.ts";
import { inspectScript } from "./manifest-scripts.ts";
import type { VersionFields } from "./version-fields.ts";
import { COMPOSE_NAMES, MAIN_SERVICE } from "../../compose/compose-plan.ts";
import { asMapping, parseYaml } from "../../yaml/parse-yaml.ts";
import { type HarborTask, harborTask, unknownKeys } from "./harbor-schema.ts";
import { toSettings } from "./harbor-settings.ts";
import { passRules } from "./manifest-verification.ts";

/** Reads a task in Harbor's format (evaluations 3) out of the files of an archive. */

export const HARBOR_FILE = "task.toml";
/** Where the verification of such a task lies: its script, and the folder that is copied for it. */
export const TESTS_FOLDER = "tests/";
const TEST_SCRIPT = "tests/test.sh";
const SOLUTION_SCRIPT = "solution/solve.sh";
const INSTRUCTION = "instruction.md";
const DOCKERFILE = "environment/Dockerfile";
const COMPOSE_FILES = COMPOSE_NAMES.map((name) => `environment/${name}`);

const FILE_MAX_BYTES = 256 * 1024;
const INSTRUCTION_MAX_BYTES = 1024 * 1024;

/** What nobody but writers of the owning organization reads, and no agent sees. */
const WITHHELD = [HARBOR_FILE, TESTS_FOLDER, "solution/"];

export type HarborVerdict =
  | { ok: true; fields: VersionFields; withheldPaths: string[]; warnings: StoredProblem[] }
  | { ok: false; problems: StoredProblem[] };

/** `name` is what the task is published as. */
export async function readHarbor(files: ArchiveFiles, name: string): Promise<HarborVerdict> {
  const parsed = await parseFile(files);
  if (!parsed.ok) return parsed;
  const { task, warnings } = parsed;
  const compose = COMPOSE_FILES.find((path) => files.has(path));
  const instruction = await readInstruction(files);
  const problems = [
    ...instruction.problems,
    ...checkTests(files),
    ...checkSteps(files),
    ...(await checkCompose(files, compose)),
  ];
  if (problems.length > 0) return { ok: false, problems };
  const settings = toSettings(task, { hasDockerfile: files.has(DOCKERFILE), hasCompose: compose !== undefined });
  const scripts = [TEST_SCRIPT, SOLUTION_SCRIPT].filter((path) => files.has(path));
  const inspected = await Promise.all(scripts.map((path) => inspectScript(files, path, "solution")));
  return {
    ok: true,
    fields: toFields(task, instruction.text, settings),
    withheldPaths: WITHHELD.filter((path) => files.hasAtRoot(path)),
    warnings: [...findWarnings(files, task, name), ...inspected.flat(), ...warnings],
  };
}

function problem(path: string, msg: string, type: string, ...place: string[]): StoredProblem {
  return { loc: ["archive", path, ...place], msg: `${path}: ${msg}`, type };
}

type ParsedFile = { ok: true; task: HarborTask; warnings: StoredProblem[] } | { ok: false; problems: StoredProblem[] };

function refuseFile(msg: string, type: string): ParsedFile {
  return { ok: false, problems: [problem(HARBOR_FILE, msg, type)] };
}

async function parseFile(files: ArchiveFiles): Promise<ParsedFile> {
  let document: Record<string, unknown>;
  try {
    // Dates of TOML become texts, as JSON has them.
    document =
      asMapping(JSON.parse(JSON.stringify(parse((await files.readText(HARBOR_FILE, FILE_MAX_BYTES)) ?? "")))) ?? {};
  } catch (error) {
    if (error instanceof UnreadableText) return refuseFile(`the file ${error.message}`, "unreadable");
    if (!(error instanceof TomlError)) throw error;
    const [reason = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n", 1);
    return refuseFile(`is not valid TOML: line ${error.line}, column ${error.column}: ${reason}.`, "toml");
  }
  const read = harborTask.safeParse(document);
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message, code }) => {
      const place = path.map(String);
      return problem(
        HARBOR_FILE,
        `${place.join(".")} ${message.replace(/^Invalid input: /, "is not valid: ")}`,
        code,
        ...place,
      );
    });
    return { ok: false, problems };
  }
  const warnings = unknownKeys(document).map((key) =>
    problem(
      HARBOR_FILE,
      `${key} is not known here: it is kept in the archive, and does nothing.`,
      "field_unknown",
      ...key.split("."),
    ),
  );
  return { ok: true, task: read.data, warnings };
}

function refuseInstruction(msg: string, type: string) {
  return { text: "", problems: [problem(INSTRUCTION, msg, type)] };
}

async function readInstruction(files: ArchiveFiles): Promise<{ text: string; problems: StoredProblem[] }> {
  try {
    const text = await files.readText(INSTRUCTION, INSTRUCTION_MAX_BYTES);
    if (text === undefined)
      return refuseInstruction("is missing: it says what the agent has to do.", "instruction_missing");
    return text.trim() === "" ? refuseInstruction("is empty.", "instruction_empty") : { text, problems: [] };
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    return refuseInstruction(`the file ${error.message}`, "unreadable");
  }
}

function checkTests(files: ArchiveFiles): StoredProblem[] {
  if (files.has(TEST_SCRIPT)) return [];
  return [problem(TEST_SCRIPT, "is missing: it finds out whether the task is done.", "script_missing")];
}

function checkSteps(files: ArchiveFiles): StoredProblem[] {
  if (!files.hasAtRoot("steps/")) return [];
  return [
    problem(
      "steps/",
      "tasks of several steps are not supported yet. Publish each step as a task.",
      "steps_unsupported",
    ),
  ];
}

async function checkCompose(files: ArchiveFiles, path: string | undefined): Promise<StoredProblem[]> {
  if (path === undefined) return [];
  try {
    const parsed = parseYaml((await files.readText(path, FILE_MAX_BYTES)) ?? "");
    if (!parsed.ok) return [problem(path, `the file ${parsed.message}`, "compose_unreadable")];
    if (asMapping(asMapping(asMapping(parsed.value)?.["services"])?.[MAIN_SERVICE])) return [];
    return [problem(path, `has no service ${MAIN_SERVICE}, in which the agent works.`, "compose_main_missing")];
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    return [problem(path, `the file ${error.message}`, "compose_unreadable")];
  }
}

function findWarnings(files: ArchiveFiles, { task, environment }: HarborTask, name: string): StoredProblem[] {
  const warnings: StoredProblem[] = [];
  const own = task.name?.split("/").at(-1);
  if (own !== undefined && own !== name) {
    warnings.push(
      problem(
        HARBOR_FILE,
        `task.name is '${task.name}'; it is published as '${name}'.`,
        "name_mismatch",
        "task",
        "name",
      ),
    );
  }
  if (!files.has(SOLUTION_SCRIPT)) {
    warnings.push(problem(SOLUTION_SCRIPT, "is not there: the oracle cannot check the task.", "field_absent"));
  }
  if (environment.docker_image !== undefined && files.has(DOCKERFILE)) {
    const msg = `docker_image is used; ${DOCKERFILE} is not built.`;
    warnings.push(problem(HARBOR_FILE, msg, "dockerfile_unused", "environment", "docker_image"));
  }
  return warnings;
}

function toFields(
  { task, metadata, verifier }: HarborTask,
  instruction: string,
  harbor: VersionFields["harbor"],
): VersionFields {
  const [author] = task.authors;
  const tags = [...new Set([...task.keywords, ...metadata.tags])];
  return {
    description: task.description ?? null,
    difficulty: metadata.difficulty ?? null,
    author: (typeof author === "string" ? author : author?.name) ?? metadata.author_name ?? null,
    license: null,
    source: null,
    repository: null,
    instruction,
    tags: tags.length > 0 ? tags : null,
    ports: null,
    provision: null,
    teardown: null,
    solution: null,
    verification: {
      method: "script",
      timeout: Math.ceil(verifier.timeout_sec),
      script: TEST_SCRIPT,
      where: "environment",
      ...passRules(metadata),
    },
    harbor: harbor ?? null,
  };
}
