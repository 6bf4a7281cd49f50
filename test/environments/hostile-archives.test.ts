/** What imports an archive into the embedded sandbox keeps it in its folder by itself, whatever publishing has let pass. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { importArchive, ImportRefused } from "../../src/sandbox/embedded/archive-import.ts";
import { FileContent } from "../../src/sandbox/embedded/file-content.ts";
import { FileTree } from "../../src/sandbox/embedded/file-tree.ts";
import { SystemError } from "../../src/sandbox/embedded/system-error.ts";
import { TREE_SCHEMA } from "../../src/sandbox/embedded/tree-schema.ts";
import type { SandboxTask } from "../../src/sandbox/port.ts";
import { applySchema } from "../../src/objects/object-schema.ts";
import { bytesSource } from "../../src/zip/read/bytes-source.ts";
import { ZipError } from "../../src/zip/read/zip-error.ts";
import { locateDirectory } from "../../src/zip/read/locate.ts";
import { buildArchive } from "../zip/archive-builder.ts";
import { CONTENT_REFUSALS } from "../zip/check/content-refusals.ts";
import { DIRECTORY_REFUSALS } from "../zip/check/directory-refusals.ts";
import { LONG_NAMES, MISLEADING_NAMES } from "../zip/check/odd-names.ts";
import { inTime } from "../stream/event-client.ts";

const MAX_FILES = 1_000;
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Folders of every sandbox, beside the task's. */
const OWN_FOLDERS = ["/", "/dev", "/dev/shm", "/etc", "/home", "/root", "/task", "/tmp", "/var", "/var/tmp"];

/** What is known of an archive that was published, as far as an import asks for it. */
async function taskOf(bytes: Uint8Array): Promise<SandboxTask> {
  const { offset, size, entries } = await locateDirectory(bytesSource(bytes));
  return {
    organizationKey: "acme",
    name: "sample",
    version: "1.0.0",
    sha256: "",
    fileSize: bytes.byteLength,
    archiveKey: "",
    archiveEtag: "",
    directoryOffset: offset,
    directorySize: size,
    entryCount: entries,
    archiveRoot: "",
    withheldPaths: [],
    ports: null,
    provision: null,
    teardown: null,
  };
}

interface Imported {
  /** What the import was refused with, in the words for users; undefined when it was not. */
  refusal: string | undefined;
  paths: string[];
  /** Types of what lies there. */
  types: Set<string>;
  /** Of each file its text, or the name of the error that reading it ends with. */
  read: Map<string, string>;
}

async function importInto(bytes: Uint8Array): Promise<Imported> {
  const stub = env.ENVIRONMENT.getByName(crypto.randomUUID());
  return runInDurableObject(stub, async (_, { storage }) => {
    storage.transactionSync(() => applySchema(storage.sql, [TREE_SCHEMA]));
    const tree = new FileTree(storage.sql, MAX_FILES);
    const openArchive = bytesSource.bind(undefined, bytes);
    const content = new FileContent(storage.sql, tree, openArchive, MAX_FILE_BYTES, () => undefined);
    const refusal = await taskOf(bytes)
      .then((task) => importArchive(storage, tree, openArchive(), task, MAX_FILES))
      .then(() => undefined, wordsOf);
    const read = new Map<string, string>();
    const types = new Set<string>();
    for (const path of tree.paths()) {
      const { type } = tree.get(path, "open", false);
      types.add(type);
      if (type === "file") read.set(path, await inTime(readFile(content, tree, path), `the bytes of ${path}`));
    }
    return { refusal, paths: tree.paths(), types, read };
  });
}

/** Throws what is no refusal. */
function wordsOf(error: unknown): string {
  if (error instanceof ZipError || error instanceof SystemError || error instanceof ImportRefused) return error.message;
  throw error;
}

async function readFile(content: FileContent, tree: FileTree, path: string): Promise<string> {
  const read = content.read(tree.get(path, "open", false), path, MAX_FILE_BYTES);
  return read.then((bytes) => new TextDecoder().decode(bytes), wordsOf);
}

const REFUSALS = { ...DIRECTORY_REFUSALS, ...CONTENT_REFUSALS };

describe.each(Object.entries(REFUSALS))("%s", (_, refusals) => {
  test.each(refusals.map((refusal) => ({ ...refusal, by: refusal.by ?? "" })))(
    "$reason $by: nothing lies outside of the task's folder, and nothing at all is there when it is refused",
    async ({ flawed }) => {
      const { refusal, paths, types } = await importInto(flawed);
      const inside = paths.filter((path) => path.startsWith("/task/") || OWN_FOLDERS.includes(path));
      expect(paths).toEqual(refusal === undefined ? inside : []);
      expect(types.isSubsetOf(new Set(["file", "directory"]))).toBe(true);
    },
  );
});

// The other limits of the table are the check's own.
test.each((REFUSALS["names"] ?? []).filter(({ limits }) => limits === undefined))(
  "refuses $reason: $by",
  async ({ flawed }) => expect((await importInto(flawed)).refusal).toEqual(expect.any(String)),
);

test.each(Object.entries(MISLEADING_NAMES))("keeps %s as it is", async (_, name) => {
  const { read } = await importInto(buildArchive([{ name, data: "x" }]));
  expect([...read]).toEqual([[`/task/${name}`, "x"]]);
});

test.each(Object.entries(LONG_NAMES))("refuses a name of %s", async (_, name) => {
  const { refusal } = await importInto(buildArchive([{ name, data: "x" }]));
  expect(refusal).toMatch(/name of more than 255 bytes/);
});
