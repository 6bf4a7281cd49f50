import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fromBuffer } from "yauzl";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packFiles } from "../../../src/cli/packing/pack.ts";
import { listFolder } from "../../../src/cli/packing/walk.ts";
import { DEFAULT_CHECK_LIMITS } from "../../../src/zip/check/check-limits.ts";
import { checkArchive } from "../../../src/zip/check/check.ts";
import { bytesSource } from "../../../src/zip/read/bytes-source.ts";

const { signal } = new AbortController();

/** Of the files of `writeTask`, on each machine and with each version of Node. */
const DIGEST = "07a1810e039c1425a58ae9fcc1625a07dc9facaee22d15376396d16a165fb414";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "taskyard-packing-"));
});
afterAll(async () => await rm(root, { recursive: true, force: true }));

/** A file that is compressed as a stream, and one that is not. */
const LARGE = Array.from({ length: 60_000 }, (_, line) => `${line} ${(line * 7919) % 104_729}\n`).join("");

async function writeTask(name: string, order: readonly string[], mode: number): Promise<string> {
  const folder = path.join(root, name);
  for (const file of order) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), file === "data/large.txt" ? LARGE : `${file}\n`, { mode });
    await chmod(path.join(folder, file), file.endsWith(".sh") ? mode | 0o111 : mode);
    await utimes(path.join(folder, file), mode, mode);
  }
  return folder;
}

async function pack(folder: string) {
  const { files } = await listFolder(folder);
  const archive = await packFiles(files, { signal });
  const bytes = await readFile(archive.file);
  await archive.dispose();
  expect(bytes.byteLength).toBe(archive.size);
  return { ...archive, bytes };
}

const FILES = ["task.yaml", "b.txt", "a-1/x", "a/x", "a.txt", "Ä.txt", "data/large.txt", "verify.sh"];

it("packs the same files into the same bytes, whatever the machine makes of times, modes and order", async () => {
  const one = await pack(await writeTask("one", FILES, 0o644));
  const other = await pack(await writeTask("other", FILES.toReversed(), 0o664));
  expect(other.sha256).toBe(one.sha256);
  expect(one.sha256).toBe(DIGEST);
});

it("writes an archive that the server accepts, sorted by bytes, with executable bits and without times", async () => {
  const { bytes } = await pack(await writeTask("checked", FILES, 0o640));
  expect((await checkArchive(bytesSource(bytes), DEFAULT_CHECK_LIMITS)).ok).toBe(true);
  const entries = await new Promise<{ name: string; mode: number; time: number; date: number }[]>((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: false }, (error, zip) => {
      if (error) return reject(error);
      const found: { name: string; mode: number; time: number; date: number }[] = [];
      zip.on("entry", (entry) =>
        found.push({
          name: entry.fileName,
          mode: (entry.externalFileAttributes >>> 16) & 0o777,
          time: entry.lastModFileTime,
          date: entry.lastModFileDate,
        }),
      );
      zip.on("end", () => resolve(found));
    });
  });
  expect(entries.map(({ name }) => name)).toEqual([
    "a-1/x",
    "a.txt",
    "a/x",
    "b.txt",
    "data/large.txt",
    "task.yaml",
    "verify.sh",
    "Ä.txt",
  ]);
  expect(entries.map(({ mode }) => mode.toString(8))).toEqual([
    ...Array.from({ length: 6 }, () => "644"),
    "755",
    "644",
  ]);
  expect(new Set(entries.map(({ time, date }) => `${date} ${time}`)).size).toBe(1);
});

it("leaves out what .taskyardignore names, as git understands it", async () => {
  const files = [
    "task.yaml",
    "build/out.bin",
    "src/build/out.bin",
    "keep.log",
    "a.log",
    "deep/er/a.log",
    "docs/private/a.md",
    "docs/a.md",
    "foo/bar/baz",
    "x1",
    "x2",
    "# hash",
    "trailing ",
  ];
  const folder = await writeTask("ignored", files, 0o644);
  const patterns = [
    "# a comment",
    "/build/",
    "*.log",
    "!keep.log",
    "docs/private",
    "foo/**/baz",
    "x[1]",
    "\\# hash",
    "",
  ];
  await writeFile(path.join(folder, ".taskyardignore"), patterns.join("\n"));
  const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" });
  git("init", "--quiet");
  const expected = git("ls-files", "-z", "--others", "--exclude-from=.taskyardignore")
    .split("\0")
    .filter((name) => name !== "" && name !== ".taskyardignore");
  const { files: listed, ignored } = await listFolder(folder);
  expect(listed.map(({ path: name }) => name).sort()).toEqual(expected.sort());
  expect(listed.map(({ path: name }) => name)).toContain("keep.log");
  expect(ignored).toBeGreaterThan(5);
});

it("refuses a symbolic link, with what to do about it", async () => {
  const folder = await writeTask("linked", ["task.yaml"], 0o644);
  await symlink("/etc/passwd", path.join(folder, "secrets"));
  await expect(listFolder(folder)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining("secrets is a symbolic link"),
    hint: expect.stringContaining(".taskyardignore"),
  });
  await writeFile(path.join(folder, ".taskyardignore"), "/secrets\n");
  expect((await listFolder(folder)).files.map(({ path: name }) => name)).toEqual(["task.yaml"]);
});

it("fails on a file that changes while it is packed, and leaves nothing behind", async () => {
  const folder = await writeTask("changing", ["task.yaml", "b.txt"], 0o644);
  const { files } = await listFolder(folder);
  await writeFile(path.join(folder, "b.txt"), "longer than it was when the folder was listed");
  await expect(packFiles(files, { signal })).rejects.toThrow("b.txt changed while it was packed");
});
