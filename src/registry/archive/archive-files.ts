import type { CheckedDirectory } from "../../zip/check/checked-directory.ts";
import { walkHeaders } from "../../zip/read/directory.ts";
import { findEntryInDirectory } from "../../zip/read/entry.ts";
import { nameBelow } from "../../zip/read/entry-name.ts";
import { openEntry } from "../../zip/read/entry-stream.ts";
import { ZipError } from "../../zip/read/zip-error.ts";
import { CENTRAL_AT, CENTRAL_SIZE } from "../../zip/read/records.ts";
import type { ZipSource } from "../../zip/read/source.ts";

/** What the reading of task.yaml asks an archive. Paths are from its root, without a folder that is taken away. */
export interface ArchiveFiles {
  /** The folder that is taken away, `name/`; empty when there is none. */
  root: string;
  /** Whether there is a file with this path. */
  has(path: string): boolean;
  /** Paths of files that `wanted` takes, in the archive's order, `limit` of them at most. */
  list(wanted: (path: string) => boolean, limit: number): string[];
  /** The file at the root with this name (ASCII) in whatever letter case, as the archive spells it. */
  findAtRoot(name: string): string | undefined;
  /** Whether the root has a file with this name (ASCII) in whatever letter case; for `name/`, anything in that folder. */
  hasAtRoot(name: string): boolean;
  /** The file as text; undefined when there is none. Throws `UnreadableText` when it is longer, or is not UTF-8. */
  readText(path: string, maxBytes: number): Promise<string | undefined>;
  /** The file's first bytes, at most so many, with its size; undefined when there is none or it cannot be read. */
  readStart(path: string, maxBytes: number): Promise<{ bytes: Uint8Array; size: number } | undefined>;
}

/** A text file of an archive that cannot be taken as one. The message says what its author can do. */
export class UnreadableText extends Error {
  override readonly name = "UnreadableText";
}

/** The files of an archive whose directory has passed its check. */
export function archiveFiles(source: ZipSource, directory: CheckedDirectory): ArchiveFiles {
  const root = directory.place.root ?? "";
  const find = (path: string) => (path.endsWith("/") ? undefined : findEntryInDirectory(directory.bytes, path, root));
  return {
    root,
    list: (wanted, limit) => listPaths(directory, wanted, limit),
    has: (path) => find(path) !== undefined,
    findAtRoot: (name) => findFolded(directory, name),
    hasAtRoot: (name) => findFolded(directory, name) !== undefined,
    readText: async (path, maxBytes) => {
      const entry = find(path);
      if (entry === undefined) return undefined;
      if (entry.size > maxBytes) {
        throw new UnreadableText(`has ${entry.size} bytes; at most ${maxBytes} are taken. Shorten it.`);
      }
      try {
        const bytes = await new Response(await openEntry(source, entry)).arrayBuffer();
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
      } catch (error) {
        if (error instanceof TypeError) throw new UnreadableText("is not UTF-8 text. Save it as UTF-8.");
        if (error instanceof ZipError) throw new UnreadableText(`cannot be unpacked: ${error.message}.`);
        throw error;
      }
    },
    readStart: async (path, maxBytes) => {
      const entry = find(path);
      if (entry === undefined) return undefined;
      const range = { offset: 0, length: Math.min(maxBytes, entry.size) };
      const bytes = await new Response(await openEntry(source, entry, range)).bytes();
      return { bytes, size: entry.size };
    },
  };
}

function listPaths(directory: CheckedDirectory, wanted: (path: string) => boolean, limit: number): string[] {
  const root = directory.place.root ?? "";
  const decoder = new TextDecoder();
  const found: string[] = [];
  walkHeaders(directory.bytes, directory.view, 0, directory.bytes.byteLength, (bytes, view, at) => {
    const nameAt = at + CENTRAL_SIZE;
    const name = bytes.subarray(nameAt, nameAt + view.getUint16(at + CENTRAL_AT.nameLength, true));
    const path = nameBelow(root, decoder.decode(name));
    if (path !== undefined && !path.endsWith("/") && wanted(path)) found.push(path);
    return found.length < limit;
  });
  return found;
}

/** The first path that is `name`, or lies below it when it ends with `/`, without regard to letter case. */
function findFolded(directory: CheckedDirectory, name: string): string | undefined {
  const decoder = new TextDecoder();
  const root = directory.place.root ?? "";
  const rootLength = new TextEncoder().encode(root).byteLength;
  const isFolder = name.endsWith("/");
  let found: string | undefined;
  walkHeaders(directory.bytes, directory.view, 0, directory.bytes.byteLength, (bytes, view, at) => {
    const length = view.getUint16(at + CENTRAL_AT.nameLength, true) - rootLength;
    if (isFolder ? length <= name.length : length !== name.length) return true;
    const nameAt = at + CENTRAL_SIZE;
    const full = decoder.decode(bytes.subarray(nameAt, nameAt + rootLength + name.length));
    const spelled = nameBelow(root, full);
    if (spelled?.toLowerCase() === name) found = spelled;
    return found === undefined;
  });
  return found;
}
