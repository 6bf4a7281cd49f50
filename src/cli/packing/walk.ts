import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { EXIT, Failure } from "../base/failure.ts";
import { IGNORE_FILE, readIgnoreFile } from "./ignore-file.ts";

/** A file that is to be packed. */
export interface PackedFile {
  /** Below the folder, with `/`, in Unicode's composed form. */
  path: string;
  /** Where it is on this machine. */
  place: string;
  /** What it holds, where that is not what lies there. */
  content?: Uint8Array;
  /** Bytes. */
  size: number;
  /** 0o755 or 0o644: all else of a mode is the machine's and not the task's. */
  mode: number;
}

/** What a folder holds. */
export interface FolderListing {
  /** In the order of their paths' bytes. */
  files: PackedFile[];
  /** Files and folders that are left out. */
  ignored: number;
  /** Bytes of all files. */
  size: number;
}

const EXECUTABLE = 0o755;
const PLAIN = 0o644;
const OWNER_EXECUTES = 0o100;

/** Lists what is to be packed of a folder: its files, without those that `.taskyardignore` names. Empty folders are none. */
export async function listFolder(folder: string): Promise<FolderListing> {
  const isIgnored = await readIgnoreFile(folder);
  const listing: FolderListing = { files: [], ignored: 0, size: 0 };
  const waiting = [""];
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    for (const entry of await readdir(path.join(folder, parent), { withFileTypes: true })) {
      const below = `${parent}${entry.name}`;
      if (isIgnored(entry.isDirectory() ? `${below}/` : below)) {
        listing.ignored += 1;
      } else if (entry.isDirectory()) {
        waiting.push(`${below}/`);
      } else if (entry.isFile()) {
        const place = path.join(folder, below);
        const { size, mode } = await lstat(place);
        const isExecutable = (mode & OWNER_EXECUTES) !== 0;
        listing.files.push({ path: below.normalize("NFC"), place, size, mode: isExecutable ? EXECUTABLE : PLAIN });
        listing.size += size;
      } else {
        throw notPackable(below, entry.isSymbolicLink());
      }
    }
  }
  listing.files.sort((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)));
  return listing;
}

function notPackable(name: string, isLink: boolean): Failure {
  const kind = isLink ? "a symbolic link" : "neither a file nor a folder";
  return new Failure(
    EXIT.usage,
    `${name} is ${kind}, which no task can have.`,
    `Put the file itself in its place, or leave it out: echo '/${name}' >> ${IGNORE_FILE}`,
  );
}
