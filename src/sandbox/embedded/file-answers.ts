import { FileError, type FileFault, type FileStatus } from "../port.ts";
import { SystemError, type SystemErrorCode } from "./system-error.ts";
import type { Node } from "./tree-schema.ts";

const FAULTS: Record<SystemErrorCode, FileFault> = {
  ENOENT: "not_found",
  ENOTDIR: "not_directory",
  EISDIR: "is_directory",
  EEXIST: "invalid_path",
  ENOTEMPTY: "not_empty",
  EINVAL: "invalid_path",
  EPERM: "not_permitted",
  ELOOP: "invalid_path",
  ENAMETOOLONG: "invalid_path",
  EFBIG: "too_large",
  ENOSPC: "no_space",
  EIO: "unavailable",
};

/** A file as the API tells of it. */
export function toStatus(path: string, { type, size, mode, modified }: Node): FileStatus {
  return { path, type, size: type === "file" ? size : 0, mode, modified };
}

/** Does it, and tells failures of the tree as those of files. */
export async function translate<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new FileError(FAULTS[error.code], error.message);
  }
}
