import { type CommandEnding, FileError, type FileStatus, type PartedFile } from "./port.ts";

/**
 * Operations on the files of a sandbox as commands inside of it, for a machine with GNU tools: what a command of the
 * environment can reach is what can be read and written, and no link leads out. The path is in `P`.
 */

/** Exit codes of the scripts below, which no program of theirs uses. */
const NOT_FOUND = 94;
const IS_DIRECTORY = 95;
const NOT_DIRECTORY = 96;
const NOT_REGULAR = 97;
const WRONG_CONTENT = 98;

/** Refuses what is no regular file. Opening one of the others may wait for ever: `dd` opens without waiting. */
const IS_FILE = `[ ! -d "$P" ] || exit ${IS_DIRECTORY}; [ ! -e "$P" ] || [ -f "$P" ] || exit ${NOT_REGULAR}`;
const READ = 'exec dd if="$P" bs=65536 status=none';

const STATUS = 'stat -L -c "%F|%s|%a|%.9Y" -- "$P"';

/** A limit on the size of files is then an error of the write rather than a signal. */
const NO_SIGNAL = "trap '' XFSZ";

/** Of files that come in parts: `T` is the file in the making, beside the path, of `SIZE` bytes. */
const PART_SCRIPTS = {
  begin: `${NO_SIGNAL}; ${IS_FILE}; D=$(dirname -- "$P"); mkdir -p -- "$D" || exit
[ "$(df --output=avail -B1 -- "$D" | tail -n 1)" -ge "$SIZE" ] || { echo "No space left" >&2; exit 1; }
: > "$T" && truncate -s "$SIZE" -- "$T" || { code=$?; rm -f -- "$T"; exit "$code"; }`,
  part: `${NO_SIGNAL}; [ -f "$T" ] || exit ${NOT_FOUND}
said=$(dd of="$T" bs=65536 iflag=fullblock oflag=seek_bytes seek="$OFFSET" conv=notrunc,nocreat 2>&1) || { echo "$said" >&2; exit 1; }
case $said in *$'\n'"$SIZE byte"*) ;; *) exit ${WRONG_CONTENT} ;; esac`,
  complete: `${IS_FILE}; S=$T; [ -f "$S" ] || S=$P
[ -f "$S" ] && [ "$(stat -L -c %s -- "$S")" = "$SIZE" ] || exit ${NOT_FOUND}
if [ -n "$SHA256" ]; then sum=$(sha256sum < "$S"); [ "\${sum%% *}" = "$SHA256" ] || exit ${WRONG_CONTENT}; fi
if [ "$S" = "$T" ]; then
  if [ -e "$P" ]; then chmod --reference="$P" -- "$T"; else chmod 644 -- "$T"; fi
  mv -fT -- "$T" "$P" || exit
fi
${STATUS}`,
  abort: 'rm -f -- "$T"',
};

/** The same of a part that is in the file `PART`. */
const PART_OF_FILE = `exec < "$PART" || exit
${PART_SCRIPTS.part}`;

export const FILE_SCRIPTS = {
  ...PART_SCRIPTS,
  partOfFile: PART_OF_FILE,
  stat: `[ -e "$P" ] || exit ${NOT_FOUND}; ${STATUS}`,
  list: `[ -e "$P" ] || exit ${NOT_FOUND}; [ -d "$P" ] || exit ${NOT_DIRECTORY}
find "$P"/ -mindepth 1 -maxdepth "$DEPTH" -printf '%P\\t%y|%s|%m|%T@\\0' | sort -z | head -z -n "$LIMIT"`,
  check: IS_FILE,
  read: `[ -e "$P" ] || exit ${NOT_FOUND}; ${IS_FILE}
if [ "$LENGTH" = all ]; then ${READ} iflag=nonblock; fi
${READ} iflag=nonblock,skip_bytes,count_bytes,fullblock skip="$OFFSET" count="$LENGTH"`,
  write: `${IS_FILE}
mkdir -p -- "$(dirname -- "$P")" && T=$(mktemp -- "$P.XXXXXX") || exit
trap 'rm -f -- "$T"' EXIT
cat > "$T" && [ "$(stat -c %s -- "$T")" = "$SIZE" ] || exit
if [ -e "$P" ]; then chmod --reference="$P" -- "$T"; else chmod 644 -- "$T"; fi
mv -fT -- "$T" "$P" && ${STATUS}`,
  remove: `[ -e "$P" ] || [ -L "$P" ] || exit ${NOT_FOUND}; rm -rf -- "$P"`,
};

/** The error that an operation ended with, given what it wrote to standard error; undefined when it did its work. */
export function faultOf(ending: CommandEnding): (errors: string) => FileError | undefined {
  return (errors) => {
    if (ending.status !== "exited") return unavailable();
    if (ending.exitCode === 0) return undefined;
    if (ending.exitCode === NOT_FOUND) return new FileError("not_found", "There is no such file or folder.");
    if (ending.exitCode === IS_DIRECTORY) return new FileError("is_directory", "This is a folder.");
    if (ending.exitCode === NOT_REGULAR) {
      return new FileError("not_regular", "This is a pipe, a socket or a device, and no file.");
    }
    if (ending.exitCode === NOT_DIRECTORY) return new FileError("not_directory", "This is no folder.");
    if (ending.exitCode === WRONG_CONTENT) {
      return new FileError("wrong_content", "The bytes are not those that were announced.");
    }
    if (/No space left|Disk quota/.test(errors)) return new FileError("no_space", "The disk of the sandbox is full.");
    if (/File too large|File size limit/.test(errors)) return new FileError("too_large", "The file is too large.");
    if (/Not a directory|File exists/.test(errors)) {
      return new FileError("not_directory", "Something above the path is no folder.");
    }
    return new FileError("not_permitted", "The sandbox does not permit it.");
  };
}

export function unavailable(): FileError {
  return new FileError("unavailable", "The machine of the sandbox cannot be reached now.");
}

/** In the words of stat and the letters of find; what else there is can be listed, and neither read nor written. */
const TYPES: Record<string, FileStatus["type"]> = {
  directory: "directory",
  d: "directory",
  l: "symlink",
  f: "file",
  "regular file": "file",
  "regular empty file": "file",
};

/** What the scripts of files in parts are told of one. */
export function toPartVariables({ staging, size, sha256 }: PartedFile): Record<string, string> {
  return { T: staging, SIZE: String(size), SHA256: sha256 ?? "" };
}

/** What `list` prints of a folder when it is asked for one entry more than `limit`. */
export function toListing(folder: string, printed: string, limit: number): { entries: FileStatus[]; more: boolean } {
  const found = printed.split("\0").filter((line) => line !== "");
  const entries = found.slice(0, limit).map((line) => {
    const tab = line.lastIndexOf("\t");
    return toStatus(`${folder === "/" ? "" : folder}/${line.slice(0, tab)}`, line.slice(tab + 1));
  });
  return { entries, more: found.length > limit };
}

/** `type|size|mode|seconds` as stat and find print it. */
export function toStatus(path: string, text: string): FileStatus {
  const [kind = "", size = "0", mode = "0", seconds = "0"] = text.trim().split("|");
  const type = TYPES[kind] ?? "other";
  return {
    path,
    type,
    size: type === "file" ? Number(size) : 0,
    mode: Number.parseInt(mode, 8),
    modified: Math.floor(Number(seconds) * 1000),
  };
}
