import { constants } from "node:fs";
import { chmod, chown, type FileHandle, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { isWithheld } from "../../registry/archive/withheld-paths.ts";
import { checkContent } from "../../zip/check/check-content.ts";
import { checkDirectory } from "../../zip/check/check-directory.ts";
import type { CheckLimits } from "../../zip/check/check-limits.ts";
import { type CheckedDirectory, entryOf } from "../../zip/check/checked-directory.ts";
import type { ZipEntry } from "../../zip/read/entry.ts";
import { openEntry } from "../../zip/read/entry-stream.ts";
import { decodeName, nameBelow } from "../../zip/read/entry-name.ts";
import { describeUnusable } from "../../zip/check/names.ts";
import type { Problem } from "../../zip/check/check-problems.ts";
import type { ZipSource } from "../../zip/read/source.ts";

const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
const PROGRAM_MODE = 0o755;
/** The bits of a Unix mode that say that somebody may run the file. */
const EXECUTABLE = 0o111;

/** Why an archive is not unpacked; the message is for users. */
export class ArchiveRefused extends Error {
  override readonly name = "ArchiveRefused";
}

export interface UnpackOptions {
  limits: CheckLimits;
  /** A folder of the archive, `name/`: what lies in it is unpacked, from there on. All of the archive when left out. */
  root?: string;
  /** Paths that are left out: solutions and flags. One that ends with `/` stands for all below it. */
  withheldPaths: readonly string[];
  /** Whom the files are to belong to; the runner's own user when left out. */
  owner?: { uid: number; gid: number } | undefined;
}

/**
 * Unpacks an archive into a folder that exists and is empty. The server has checked it when it was published; here it is
 * checked again, and in whole, because it is this machine that a path out of the folder would write to. Nothing is written
 * before that, and no file is ever opened that was there before. Throws ArchiveRefused; what was written when the disk is
 * full is left to the caller.
 */
export async function unpackArchive(source: ZipSource, folder: string, options: UnpackOptions): Promise<void> {
  const verdict = await checkDirectory(source, options.limits);
  if (!verdict.ok) return refuse(verdict.problems);
  const problems = await checkContent(source, verdict.directory);
  if (problems.length > 0) return refuse(problems);
  for (const { entry } of unpackedEntries(verdict.directory, options)) {
    const fault = describeUnusable(entry.nameBytes);
    if (fault !== undefined) throw new ArchiveRefused(fault);
  }
  const folders = new Folders(folder, options.owner);
  for (const { entry, executable } of unpackedEntries(verdict.directory, options)) {
    if (entry.name.endsWith("/")) await folders.make(entry.name.slice(0, -1));
    else await writeEntry(source, entry, executable, folders, options.owner);
  }
}

function refuse(problems: readonly Problem[]): never {
  throw new ArchiveRefused(problems.map(({ message }) => message).join(" "));
}

/** What is unpacked: all of the archive below its root but what is withheld. */
function* unpackedEntries(
  directory: CheckedDirectory,
  { root = "", withheldPaths }: UnpackOptions,
): Generator<{ entry: ZipEntry; executable: boolean }> {
  for (let index = 0; index < directory.headerAt.length; index += 1) {
    const { header, sizes, nameAt } = entryOf(directory, index);
    const nameBytes = directory.bytes.subarray(nameAt, nameAt + header.nameLength);
    const { method, flags, crc } = header;
    const name = nameBelow(root, decodeName(nameBytes, flags));
    if (name === undefined || isWithheld(withheldPaths, name)) continue;
    const entry = { name, nameBytes, method, flags, crc, ...sizes };
    yield { entry, executable: ((header.externalAttributes >>> 16) & EXECUTABLE) !== 0 };
  }
}

/** The folders below one, each made once. */
class Folders {
  readonly #root: string;
  readonly #owner: UnpackOptions["owner"];
  readonly #made = new Set<string>([""]);

  constructor(root: string, owner: UnpackOptions["owner"]) {
    this.#root = root;
    this.#owner = owner;
  }

  /** Where a path lies. The check has refused every one that leads out; this holds whatever it has missed. */
  locate(name: string): string {
    const place = path.join(this.#root, name);
    if (!place.startsWith(this.#root + path.sep)) throw new ArchiveRefused(`${JSON.stringify(name)} leads out.`);
    return place;
  }

  async make(name: string): Promise<void> {
    if (this.#made.has(name)) return;
    await this.makeAbove(name);
    const place = this.locate(name);
    await mkdir(place, { mode: FOLDER_MODE });
    if (this.#owner) await chown(place, this.#owner.uid, this.#owner.gid);
    this.#made.add(name);
  }

  async makeAbove(name: string): Promise<void> {
    const slash = name.lastIndexOf("/");
    if (slash > 0) await this.make(name.slice(0, slash));
  }
}

async function writeEntry(
  source: ZipSource,
  entry: ZipEntry,
  executable: boolean,
  folders: Folders,
  owner: UnpackOptions["owner"],
): Promise<void> {
  await folders.makeAbove(entry.name);
  const place = folders.locate(entry.name);
  const mode = executable ? PROGRAM_MODE : FILE_MODE;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file: FileHandle = await open(place, flags, mode);
  try {
    for await (const chunk of await openEntry(source, entry)) await file.writeFile(chunk);
    if (owner) await file.chown(owner.uid, owner.gid);
  } finally {
    await file.close();
  }
  await chmod(place, mode);
}
