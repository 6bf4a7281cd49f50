/** What a file system refuses, under the names that programs know, and the words for them. */
const MESSAGES = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EISDIR: "illegal operation on a directory",
  EEXIST: "file already exists",
  ENOTEMPTY: "directory not empty",
  EINVAL: "invalid argument",
  EPERM: "operation not permitted",
  ELOOP: "too many levels of symbolic links",
  ENAMETOOLONG: "name too long",
  EFBIG: "file too large",
  ENOSPC: "no space left on device",
  EIO: "input/output error",
} as const;

export type SystemErrorCode = keyof typeof MESSAGES;

/** Worded as Node words it: that is what the commands of the shell read and shorten. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: SystemErrorCode;

  constructor(code: SystemErrorCode, call: string, path: string) {
    super(`${code}: ${MESSAGES[code]}, ${call} '${path}'`);
    this.code = code;
  }
}
