/**
 * What an entry may be called, and when two names are the same file. A name must mean one path, below the folder it is
 * unpacked in, on Linux, macOS and Windows alike; names in any Unicode normal form are accepted, as macOS writes NFD.
 */

const SLASH = 0x2f;
const DOT = 0x2e;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const DELETE = 0x7f;
const FIRST_PRINTABLE = 0x20;
const FIRST_NON_ASCII = 0x80;

/** Bytes of a name that an answer repeats: 50 problems stay small even when names have 65,535 bytes. */
const MAX_DISPLAY_BYTES = 1024;

/** Bytes of one part of a path on the file systems of Linux and macOS, and in the embedded sandbox. */
const PART_MAX_BYTES = 255;

/** Why a name is refused, with what to tell its writer. */
export const NAME_FAULTS = {
  "name-empty": "has no name. Give every entry a name.",
  "name-not-utf8": "has a name that is not valid UTF-8. Write the archive with UTF-8 names.",
  "control-character": "has a control character in its name. Rename it.",
  backslash: "has a backslash in its name. Use / between folders, and no \\ in names.",
  "absolute-path": "begins with /. Use paths relative to the archive's root.",
  "drive-path": "begins with a drive letter. Use paths relative to the archive's root.",
  "empty-segment": "has an empty folder name (//) in its path. Write each path once, in its shortest form.",
  "dot-segment": "has a . folder in its path. Pack names such as task.yaml, not ./task.yaml.",
  traversal: "has a .. folder in its path, which leads out of the archive. Use paths below the archive's root.",
} as const;

export type NameFault = keyof typeof NAME_FAULTS;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const looseUtf8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const encoder = new TextEncoder();

/** The first fault of the name in `at` to `end`; one trailing slash marks a directory and is none. */
export function findNameFault(bytes: Uint8Array, at: number, end: number): NameFault | undefined {
  if (at === end) return "name-empty";
  let segment = at;
  let ascii = true;
  for (let index = at; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte === SLASH) {
      if (index - segment <= 2) {
        const fault = findSegmentFault(bytes, segment, index);
        if (fault !== undefined) return segment === index && index === at ? "absolute-path" : fault;
      }
      segment = index + 1;
    } else if (byte < FIRST_PRINTABLE || byte === DELETE) return "control-character";
    else if (byte === BACKSLASH) return "backslash";
    else if (byte >= FIRST_NON_ASCII) ascii = false;
  }
  const fault = segment < end && end - segment <= 2 ? findSegmentFault(bytes, segment, end) : undefined;
  if (fault !== undefined) return fault;
  if (bytes[at + 1] === COLON && at + 1 < end && isLetter(bytes[at])) return "drive-path";
  return ascii ? undefined : findUnicodeFault(bytes.subarray(at, end));
}

/** Why no file can be made by this name, which an archive may have; for its writer. Undefined where nothing is wrong. */
export function describeUnusable(name: Uint8Array): string | undefined {
  const fault = findNameFault(name, 0, name.byteLength);
  const words = fault === undefined ? findLongPart(name) : NAME_FAULTS[fault];
  return words && `${JSON.stringify(displayName(name))} ${words}`;
}

function findLongPart(name: Uint8Array): string | undefined {
  let begin = 0;
  for (let at = 0; at <= name.byteLength; at += 1) {
    if (at < name.byteLength && name[at] !== SLASH) continue;
    if (at - begin > PART_MAX_BYTES) return `has a name of more than ${PART_MAX_BYTES} bytes, which no file can have.`;
    begin = at + 1;
  }
  return undefined;
}

/** Whether the name in `at` to `end` is a directory's. */
export function isDirectoryName(bytes: Uint8Array, at: number, end: number): boolean {
  return end > at && bytes[end - 1] === SLASH;
}

/** The name for people to read, whatever its bytes are; of a very long one its beginning. */
export function displayName(name: Uint8Array): string {
  if (name.length <= MAX_DISPLAY_BYTES) return looseUtf8.decode(name);
  return `${looseUtf8.decode(name.subarray(0, MAX_DISPLAY_BYTES))}…`;
}

/**
 * The key under which a name, valid UTF-8, is the same file as another: without case and normal form, as file systems
 * of Windows and macOS compare. Upper case first folds what lower case alone keeps apart (ß and SS, K and the Kelvin sign).
 */
export function foldName(name: Uint8Array): Uint8Array {
  const text = strictUtf8.decode(name).normalize("NFC");
  return encoder.encode(text.toUpperCase().toLowerCase().normalize("NFC"));
}

function findSegmentFault(bytes: Uint8Array, at: number, end: number): NameFault | undefined {
  if (at === end) return "empty-segment";
  if (bytes[at] !== DOT) return undefined;
  if (end - at === 1) return "dot-segment";
  return bytes[at + 1] === DOT ? "traversal" : undefined;
}

function findUnicodeFault(name: Uint8Array): NameFault | undefined {
  try {
    return /\p{Cc}/u.test(strictUtf8.decode(name)) ? "control-character" : undefined;
  } catch {
    return "name-not-utf8";
  }
}

function isLetter(byte: number | undefined): boolean {
  const lower = (byte ?? 0) | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
