import { TarError } from "../../tar/tar-error.ts";
import { type TarEntry, type TarKind, TarReader } from "../../tar/tar-reader.ts";
import type { CheckLimits } from "../../zip/check/check-limits.ts";
import { type Problem, Problems } from "../../zip/check/check-problems.ts";
import { displayName } from "../../zip/check/names.ts";
import { ByteCursor, ChunkReader, streamOf } from "../../zip/read/chunks.ts";
import { inflate } from "../../zip/read/inflate.ts";
import { ZipError } from "../../zip/read/zip-error.ts";
import type { ZipWriter } from "../../zip/write/zip-writer.ts";

/** Bytes of headers and padding for each entry that an archive may have: some have a pax header, and most not. */
const OVERHEAD_PER_ENTRY = 2048;
/** What a tar may have of them whatever the limit is: tools fill their last block with zeros. */
const OVERHEAD_MIN_BYTES = 1024 * 1024;

const SLASH = 0x2f;
const DOT = 0x2e;

/** What a zip cannot have, or no reader of ours would unpack, with what to tell its writer. */
const REFUSED_KINDS: Partial<Record<TarKind, string>> = {
  "symbolic-link": "is a symbolic link. Pack the file that it points to.",
  "hard-link": "is a hard link. Pack the file itself (tar does so with --hard-dereference).",
  "special-file": "is a device or pipe. Pack plain files only.",
  "sparse-file": "is stored with holes. Pack it without --sparse.",
};

/** A gzipped tar, and how much of it there is. */
export interface Layer {
  body: ReadableStream<Uint8Array>;
  /** Compressed bytes. */
  size: number;
}

/**
 * Writes the files and folders of a gzipped tar into a zip: names as they are, but for a `./` in front, permission bits
 * and times. Answers with what is wrong, in which case the zip is not whole. Names and all else that a zip can show are
 * left to its own check; here is refused what would cost too much to write, what a zip cannot have, and what is no tar.
 */
export async function tarToZip({ body, size }: Layer, zip: ZipWriter, limits: CheckLimits): Promise<Problem[]> {
  const problems = new Problems();
  const budget = new Budget(size, limits, problems);
  const maxOverhead = Math.max(limits.maxEntries * OVERHEAD_PER_ENTRY, OVERHEAD_MIN_BYTES);
  let read = 0;
  const inflated = inflate(chunksOf(body), undefined, "gzip");
  const counted = async function* () {
    for await (const chunk of inflated) {
      read += chunk.byteLength;
      if (read - budget.total > maxOverhead) throw tooMuchOverhead();
      yield chunk;
    }
  };
  const cursor = new ByteCursor(streamOf(counted()));
  const reader = new TarReader(cursor);
  try {
    for (let entry = await reader.next(); entry && budget.allows(entry); entry = await reader.next()) {
      const name = nameOf(entry);
      if (name.byteLength === 0) continue;
      if (isSound(entry, name, limits, problems) && problems.none) await add(zip, { ...entry, name }, reader.data());
      if (zip.directorySize > limits.maxDirectoryBytes) {
        problems.add(
          null,
          "directory-too-large",
          `The archive's list of files comes to more than ${limits.maxDirectoryBytes} bytes.`,
        );
        break;
      }
    }
  } catch (error) {
    if (error instanceof TarError) problems.add(null, error.reason, `${capitalize(error.message)}.`);
    else if (error instanceof ZipError) problems.addError(error);
    else throw error;
  } finally {
    // One that has failed tells again why.
    await cursor.cancel().catch(() => undefined);
  }
  return problems.list();
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = new ChunkReader(stream);
  try {
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) yield chunk;
  } finally {
    await reader.cancel();
  }
}

/** What an archive may hold, as far as it is known while it is read: its end is not waited for to refuse it. */
class Budget {
  /** Bytes of files so far. */
  total = 0;
  #entries = 0;
  readonly #layerSize: number;
  readonly #limits: CheckLimits;
  readonly #problems: Problems;

  constructor(layerSize: number, limits: CheckLimits, problems: Problems) {
    this.#layerSize = layerSize;
    this.#limits = limits;
    this.#problems = problems;
  }

  /** Whether the entry may be read, and what is behind it. */
  allows({ size }: TarEntry): boolean {
    const { maxEntries, maxTotalBytes, ratioFloorBytes, maxRatio } = this.#limits;
    this.#entries += 1;
    this.total += size;
    if (this.#entries > maxEntries) {
      this.#problems.add(null, "too-many-entries", `The archive has more than ${maxEntries} entries.`);
    } else if (this.total > maxTotalBytes) {
      this.#problems.add(null, "total-too-large", `The archive unpacks to more than ${maxTotalBytes} bytes.`);
    } else if (this.total > ratioFloorBytes && this.total > this.#layerSize * maxRatio) {
      const message = `The archive unpacks to more than ${maxRatio} times its length. Split or remove its emptiest files.`;
      this.#problems.add(null, "ratio-too-high", message);
    } else return !this.#problems.full;
    return false;
  }
}

function isSound(entry: TarEntry, name: Uint8Array, limits: CheckLimits, problems: Problems): boolean {
  const shown = displayName(name);
  const refused = REFUSED_KINDS[entry.kind];
  if (refused !== undefined) problems.add(shown, entry.kind, `${JSON.stringify(shown)} ${refused}`);
  else if (entry.size > limits.maxEntryBytes) {
    const message = `${JSON.stringify(shown)} unpacks to ${entry.size} bytes; at most ${limits.maxEntryBytes} are allowed.`;
    problems.add(shown, "entry-too-large", message);
  } else if (name.byteLength > limits.maxNameBytes) {
    const message = `${JSON.stringify(shown)} has a name of more than ${limits.maxNameBytes} bytes. Shorten it.`;
    problems.add(shown, "name-too-long", message);
  } else return true;
  return false;
}

async function add(zip: ZipWriter, entry: TarEntry, data: AsyncIterable<Uint8Array>): Promise<void> {
  const { name, size, modified } = entry;
  const described = { name, mode: entry.mode & 0o777, modified };
  if (entry.kind === "directory") await zip.addDirectory(described);
  else await zip.addFile(described, size, data);
}

/** The name without the `./` that `tar -C folder .` puts in front, a folder's with its slash; empty for `./` itself. */
function nameOf({ name, kind }: TarEntry): Uint8Array {
  const inside = name[0] === DOT && (name.byteLength === 1 || name[1] === SLASH) ? name.subarray(2) : name;
  if (kind !== "directory" || inside.byteLength === 0 || inside.at(-1) === SLASH) return inside;
  const folder = new Uint8Array(inside.byteLength + 1);
  folder.set(inside);
  folder[inside.byteLength] = SLASH;
  return folder;
}

function tooMuchOverhead(): TarError {
  return new TarError("tar-header-too-large", "the tar has far more bytes beside its files than they need");
}

function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
