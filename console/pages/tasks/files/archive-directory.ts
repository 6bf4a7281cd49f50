import { open } from "../../../../src/client/call.ts";
import { ForbiddenError, TaskyardError } from "../../../../src/client/errors.ts";
import { listTaskFiles } from "../../../../src/client/generated/operations.gen.ts";
import type { Taskyard } from "../../../../src/client/taskyard.ts";
import type { VersionPath } from "../registry/task-path.ts";

/** Bytes that are read from the end of an archive at first: small directories are in them. */
const TAIL_BYTES = 64 * 1024;

/** What tells one content of a file from another. */
export interface FileMark {
  /** Bytes. */
  size: number;
  /** Its CRC-32; where the archive itself may not be read, its compressed size. */
  sum: number;
}

export interface Directory {
  files: Map<string, FileMark>;
  /** Whether the sums are checksums. */
  isExact: boolean;
}

/** The files of a version with their checksums, out of the archive's directory, which is read by ranges; the archive is not. */
export async function readDirectory(
  yard: Taskyard,
  path: VersionPath,
  size: number,
  signal: AbortSignal,
): Promise<Directory> {
  try {
    return { files: await readChecksums(yard, path, size, signal), isExact: true };
  } catch (error) {
    if (!(error instanceof ForbiddenError)) throw error;
    return { files: await readSizes(yard, path, signal), isExact: false };
  }
}

async function readChecksums(
  yard: Taskyard,
  path: VersionPath,
  size: number,
  signal: AbortSignal,
): Promise<Map<string, FileMark>> {
  const { Reader, ZipReader } = await import("@zip.js/zip.js/lib/zip-core-native.js");
  const tailAt = Math.max(0, size - TAIL_BYTES);
  const { bytes: tail, root } = await readRange(yard, path, tailAt, size, signal);
  class Ranges extends Reader<undefined> {
    override size = size;

    override async readUint8Array(from: number, length: number): Promise<Uint8Array> {
      const to = Math.min(from + length, size);
      if (from >= tailAt) return tail.subarray(from - tailAt, to - tailAt);
      return (await readRange(yard, path, from, to, signal)).bytes;
    }
  }
  const files = new Map<string, FileMark>();
  for await (const entry of new ZipReader(new Ranges(undefined)).getEntriesGenerator()) {
    if (entry.directory || !entry.filename.startsWith(root)) continue;
    files.set(entry.filename.slice(root.length), { size: entry.uncompressedSize, sum: entry.signature ?? 0 });
  }
  return files;
}

/** Some of the archive's bytes, and the folder that publishing took away, which the archive still has. */
async function readRange(
  yard: Taskyard,
  path: VersionPath,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; root: string }> {
  const response = await open(yard, "GET", "/api/v1/org/{org}/tasks/{name}/{version}/archive", {
    path,
    headers: { Range: `bytes=${from}-${to - 1}` },
    signal,
  });
  if (response.status !== 206)
    throw new TaskyardError("The server sent more of the archive than was asked for.", { code: "protocol_error" });
  const root = decodeURI(response.headers.get("X-Archive-Root") ?? "");
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    root: root === "" || root.endsWith("/") ? root : `${root}/`,
  };
}

async function readSizes(yard: Taskyard, path: VersionPath, signal: AbortSignal): Promise<Map<string, FileMark>> {
  const { version, ...task } = path;
  const { files } = await listTaskFiles(yard, { path: task, query: { version }, signal });
  return new Map(
    files.map(({ filename, file_size, compress_size }) => [filename, { size: file_size, sum: compress_size }]),
  );
}
