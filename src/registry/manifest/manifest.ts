import type { StoredProblem } from "../../db/schema.ts";
import { MAX_PROBLEMS } from "../../zip/check/check-problems.ts";
import { type ArchiveFiles, UnreadableText } from "../archive/archive-files.ts";
import { findNameWarnings, findRootWarnings, findTaskFileWarnings } from "../archive/archive-warnings.ts";
import { checkCompose, type ComposeFindings } from "./manifest-compose.ts";
import { fieldProblem, MANIFEST_LOC, type ManifestFields, manifestFields, toFieldProblems } from "./manifest-schema.ts";
import { checkScripts, findScript, findScriptWarnings, isWrittenOut } from "./manifest-scripts.ts";
import { asMapping, parseYaml } from "../../yaml/parse-yaml.ts";
import { HARBOR_FILE, readHarbor } from "./harbor.ts";
import type { VersionFields } from "./version-fields.ts";
import { type SecretMaterial, withheldPathsOf } from "../archive/withheld-paths.ts";

/** Longest task.yaml, in bytes. */
const MANIFEST_MAX_BYTES = 1024 * 1024;

/** Most bytes of JSON that the fields may come to, aliases resolved: they share a D1 row of 2 MB. */
const FIELDS_MAX_BYTES = 1_500_000;

/** Where an agent may write its flag without a warning. */
const FLAG_FOLDERS = ["/tmp/", "/var/tmp/", "/dev/shm/"];

/** What a version takes from its archive's files. */
export interface Manifest {
  fields: VersionFields;
  readmePath: string | null;
  withheldPaths: string[];
  warnings: StoredProblem[];
}

export type ManifestVerdict = { ok: true; manifest: Manifest } | { ok: false; problems: StoredProblem[] };

/**
 * Reads task.yaml at the archive's root, or else Harbor's task.toml, and checks it against the other files (contract A5;
 * evaluations 3). An archive without either is fine and has no fields. `expected` is what the path of the request says.
 */
export async function readManifest(
  files: ArchiveFiles,
  expected: { name: string; version: string },
): Promise<ManifestVerdict> {
  const readmePath = files.findAtRoot("readme.md") ?? null;
  const parsed = await parseManifest(files);
  if (parsed === undefined && files.has(HARBOR_FILE)) return describeHarbor(files, expected.name, readmePath);
  if (parsed === undefined) {
    const withheldPaths = withheldPathsOf({ solutionPath: undefined, manifestHasSecrets: false }, (path) =>
      files.hasAtRoot(path),
    );
    const warnings = [...findTaskFileWarnings(files), ...findNameWarnings(files)];
    return { ok: true, manifest: { fields: {}, readmePath, withheldPaths, warnings } };
  }
  if (!parsed.ok) return parsed;
  const { fields } = parsed;
  const compose = await checkCompose(files, fields.ports ?? null, fields.provision?.starts_services !== true);
  const problems = [
    ...checkIdentity(fields, expected),
    ...checkScripts(files, fields),
    ...compose.problems,
    ...checkInstruction(fields, compose),
  ];
  const stored = toVersionFields(fields);
  if (isTooLarge(stored)) {
    problems.push(fieldProblem([], "too_large", `comes to more than ${FIELDS_MAX_BYTES} bytes. Shorten it.`));
  }
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  const withheldPaths = withheldPathsOf(findSecrets(files, fields), (path) => files.hasAtRoot(path));
  const warnings = [
    ...findRootWarnings(files),
    ...findNameWarnings(files),
    ...findWarnings(fields),
    ...findHarborWarnings(files),
    ...(await findScriptWarnings(files, fields)),
    ...compose.warnings,
    ...parsed.warnings,
  ].slice(0, MAX_PROBLEMS);
  return { ok: true, manifest: { fields: stored, readmePath, withheldPaths, warnings } };
}

async function describeHarbor(files: ArchiveFiles, name: string, readmePath: string | null): Promise<ManifestVerdict> {
  const read = await readHarbor(files, name);
  if (!read.ok) return { ok: false, problems: read.problems.slice(0, MAX_PROBLEMS) };
  const { fields, withheldPaths } = read;
  const warnings = [...findRootWarnings(files), ...findNameWarnings(files), ...read.warnings].slice(0, MAX_PROBLEMS);
  return { ok: true, manifest: { fields, readmePath, withheldPaths, warnings } };
}

type ParsedManifest =
  | { ok: true; fields: ManifestFields; warnings: StoredProblem[] }
  | { ok: false; problems: StoredProblem[] };

async function parseManifest(files: ArchiveFiles): Promise<ParsedManifest | undefined> {
  let text: string | undefined;
  try {
    text = await files.readText("task.yaml", MANIFEST_MAX_BYTES);
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    return { ok: false, problems: [{ loc: MANIFEST_LOC, msg: `task.yaml ${error.message}`, type: "unreadable" }] };
  }
  if (text === undefined) return undefined;
  const yaml = parseYaml(text);
  if (!yaml.ok) return { ok: false, problems: [{ loc: MANIFEST_LOC, msg: `task.yaml ${yaml.message}`, type: "yaml" }] };
  const result = manifestFields.safeParse(yaml.value);
  if (!result.success) return { ok: false, problems: toFieldProblems(result.error).slice(0, MAX_PROBLEMS) };
  const unknown = Object.keys(asMapping(yaml.value) ?? {}).filter((key) => !Object.hasOwn(manifestFields.shape, key));
  const warnings = unknown.map((key) =>
    fieldProblem([key], "field_unknown", "is not a field of task.yaml; it is ignored."),
  );
  return { ok: true, fields: result.data, warnings };
}

/** The strings are summed up first: aliases make one text many, and JSON would write each of them out. */
function isTooLarge(fields: VersionFields): boolean {
  if (countCharacters(fields) > FIELDS_MAX_BYTES) return true;
  return new TextEncoder().encode(JSON.stringify(fields)).byteLength > FIELDS_MAX_BYTES;
}

function countCharacters(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + countCharacters(inner), 0);
}

function checkIdentity(fields: ManifestFields, expected: { name: string; version: string }): StoredProblem[] {
  return (["name", "version"] as const)
    .filter((field) => fields[field] !== expected[field])
    .map((field) =>
      fieldProblem([field], `${field}_mismatch`, `is '${fields[field]}', but it is published as '${expected[field]}'.`),
    );
}

function findSecrets(files: ArchiveFiles, { solution, verification }: ManifestFields): SecretMaterial {
  const solutionPath = solution ? findScript(files, solution.script) : undefined;
  const manifestHasSecrets = verification.value !== undefined || isWrittenOut(files, solution?.script);
  return { solutionPath, manifestHasSecrets };
}

/** Addresses are known only once an environment runs: with `ports`, an instruction uses `{{service_url}}` and the like. */
function checkInstruction({ instruction, ports }: ManifestFields, { services }: ComposeFindings): StoredProblem[] {
  if (!ports) return [];
  const loopback =
    /\b(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0)(?=[:/])|\[::1\]|\/\/(?:localhost|127(?:\.\d{1,3}){3})\b/i;
  const problems: StoredProblem[] = [];
  if (loopback.test(instruction)) {
    const msg =
      "has a loopback address, which no agent reaches. Write {{SERVICE_url}}, {{SERVICE_host}} and {{SERVICE_port}}.";
    problems.push(fieldProblem(["instruction"], "loopback_address", msg));
  }
  for (const service of services) {
    const name = RegExp.escape(service);
    const address = new RegExp(`://${name}(?![\\w.-])|(?<![\\w./{-])${name}:\\d{1,5}\\b`, "i");
    if (!address.test(instruction)) continue;
    const msg = `has the address of service ${service}, which no agent reaches. Write {{${service}_url}} instead.`;
    problems.push(fieldProblem(["instruction"], "compose_address", msg));
  }
  return problems;
}

function findWarnings(fields: ManifestFields): StoredProblem[] {
  const warnings = (["description", "source", "solution"] as const)
    .filter((field) => fields[field] === undefined)
    .map((field) => fieldProblem([field], "field_absent", "is not set."));
  const { path } = fields.verification;
  if (path !== undefined && !FLAG_FOLDERS.some((folder) => path.startsWith(folder))) {
    const msg = `is outside of ${FLAG_FOLDERS.join(", ")}, where agents can write for certain.`;
    warnings.push(fieldProblem(["verification", "path"], "flag_path", msg));
  }
  return warnings;
}

/** Both formats in one archive: one of them has to count. */
function findHarborWarnings(files: ArchiveFiles): StoredProblem[] {
  if (!files.has(HARBOR_FILE)) return [];
  const msg = `${HARBOR_FILE} is not read, because there is a task.yaml.`;
  return [{ loc: ["archive", HARBOR_FILE], msg, type: "format_unused" }];
}

function toVersionFields(fields: ManifestFields): VersionFields {
  return {
    description: fields.description ?? null,
    difficulty: fields.difficulty ?? null,
    author: fields.author ?? fields.author_name ?? null,
    license: fields.license ?? null,
    source: fields.source ?? null,
    repository: fields.repository ?? null,
    instruction: fields.instruction,
    tags: fields.tags ?? null,
    ports: fields.ports ?? null,
    provision: fields.provision ?? null,
    teardown: fields.teardown ?? null,
    solution: fields.solution ?? null,
    verification: { ...fields.verification },
  };
}
