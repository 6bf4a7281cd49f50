import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ArchiveRefused, unpackArchive } from "../../../src/runner/environment/unpack.ts";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";
import { DEFAULT_CHECK_LIMITS } from "../../../src/zip/check/check-limits.ts";
import { buildArchive } from "../../zip/archive-builder.ts";
import { CONTENT_REFUSALS } from "../../zip/check/content-refusals.ts";
import { DIRECTORY_REFUSALS } from "../../zip/check/directory-refusals.ts";
import { LONG_NAMES, MISLEADING_NAMES } from "../../zip/check/odd-names.ts";

const UNIX = 3;
const text = (content: string) => new TextEncoder().encode(content);
/** A Unix mode as a zip entry has it. */
const mode = (bits: number) => ({ os: UNIX, attrs: bits * 0x10000 });

let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "taskyard-test-"));
  folder = path.join(parent, "task");
  await mkdir(folder);
});

afterEach(() => rm(parent, { recursive: true, force: true }));

function unpack(bytes: Uint8Array, withheldPaths: string[] = [], limits = {}): Promise<void> {
  return unpackArchive(bytesSource(bytes), folder, { limits: { ...DEFAULT_CHECK_LIMITS, ...limits }, withheldPaths });
}

it("unpacks files, folders and the right to execute, and leaves out what is withheld", async () => {
  const bytes = zipSync({
    "task.yaml": text("name: x\n"),
    "bin/run.sh": [text("#!/bin/sh\n"), mode(0o100_755)],
    "bin/data": [text("x".repeat(300_000)), mode(0o100_600)],
    "empty/": [new Uint8Array(), mode(0o40_755)],
    "Solution/a": text("secret"),
    "solution.sh": text("secret"),
  });
  await unpack(bytes, ["solution.sh", "solution/"]);
  expect((await readdir(folder, { recursive: true })).sort()).toEqual([
    "bin",
    "bin/data",
    "bin/run.sh",
    "empty",
    "task.yaml",
  ]);
  expect((await stat(path.join(folder, "bin/run.sh"))).mode & 0o777).toBe(0o755);
  expect((await stat(path.join(folder, "bin/data"))).mode & 0o777).toBe(0o644);
  expect(await readFile(path.join(folder, "bin/data"), "utf8")).toBe("x".repeat(300_000));
});

describe.each(Object.entries({ ...DIRECTORY_REFUSALS, ...CONTENT_REFUSALS }))("refuses %s", (_, refusals) => {
  it.each(refusals.map((refusal) => ({ ...refusal, by: refusal.by ?? "" })))(
    "$reason $by, before anything is written",
    async ({ flawed, limits }) => {
      await expect(unpack(flawed, [], limits)).rejects.toThrow(ArchiveRefused);
      expect([await readdir(folder), await readdir(parent)]).toEqual([[], ["task"]]);
    },
  );
});

it.each(Object.entries(LONG_NAMES))("refuses a name of %s, before anything is written", async (_, name) => {
  const bytes = buildArchive([
    { name: "first", data: "1" },
    { name, data: "x" },
  ]);
  await expect(unpack(bytes)).rejects.toThrow("more than 255 bytes");
  expect([await readdir(folder), await readdir(parent)]).toEqual([[], ["task"]]);
});

it.each(Object.entries(MISLEADING_NAMES))("unpacks %s under its own name", async (_, name) => {
  await unpack(buildArchive([{ name, data: "x" }]));
  expect(await readFile(path.join(folder, name), "utf8")).toBe("x");
  expect(await readdir(parent)).toEqual(["task"]);
});

it("refuses what unpacks to more than this machine takes", async () => {
  const bomb = zipSync({ zeros: new Uint8Array(5_000_000) });
  await expect(unpack(bomb, [], { maxTotalBytes: 1_000_000 })).rejects.toThrow("unpack");
  await expect(unpack(bomb, [], { ratioFloorBytes: 1_000 })).rejects.toThrow("unpack");
  expect(await readdir(folder)).toEqual([]);
});

it("refuses data that is not what the directory says", async () => {
  const bytes = zipSync({ a: [text("hello hello"), { level: 0 }] });
  const at = Buffer.from(bytes).indexOf("hello hello");
  bytes[at] = 0x4a;
  await expect(unpack(bytes)).rejects.toThrow("checksum");
});

it("never opens a file that is there already", async () => {
  await unpack(zipSync({ a: text("first") }));
  await chmod(folder, 0o755);
  await expect(unpack(zipSync({ a: text("second") }))).rejects.toThrow("EEXIST");
  expect(await readFile(path.join(folder, "a"), "utf8")).toBe("first");
});

it("unpacks what lies in a folder that is taken away, and nothing beside it", async () => {
  const bytes = zipSync({
    "my-task/": new Uint8Array(),
    "my-task/task.yaml": text("name: x\n"),
    "my-task/data/in": text("42"),
    "my-task/solution.sh": text("secret"),
    ".DS_Store": text("x"),
    "__MACOSX/my-task/._solution.sh": text("x"),
  });
  const options = { limits: DEFAULT_CHECK_LIMITS, root: "my-task/", withheldPaths: ["solution.sh"] };
  await unpackArchive(bytesSource(bytes), folder, options);
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(["data", "data/in", "task.yaml"]);
  expect(await readFile(path.join(folder, "data/in"), "utf8")).toBe("42");
});
