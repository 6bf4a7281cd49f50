import { type HeaderVisitor, openDirectory, walkHeaders } from "./directory.ts";
import { decodeName, encodeName, matchesBytes } from "./entry-name.ts";
import { ZipError } from "./zip-error.ts";
import type { KnownDirectory } from "./locate.ts";
import { CENTRAL_AT, CENTRAL_SIZE, parseCentralHeader, resolveZip64, viewOf } from "./records.ts";
import type { ZipSource } from "./source.ts";

/** What the central directory says of one entry. */
export interface ZipEntry {
  /** From the archive's root, or from the folder that is taken away (`DirectoryPlace.root`). */
  readonly name: string;
  /** The name as it is stored; the local header has to repeat it. */
  readonly nameBytes: Uint8Array;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Where the local header begins in the archive. */
  readonly localOffset: number;
}

/** The first entry with this name; undefined when there is none. Reads no further than the entry. */
export async function findEntry(
  source: ZipSource,
  known: KnownDirectory | undefined,
  name: string,
): Promise<ZipEntry | undefined> {
  const search = new EntrySearch(name, known?.root);
  const directory = await openDirectory(source, known);
  try {
    while (await directory.fill()) directory.walk(search.visit);
  } finally {
    await directory.close();
  }
  return search.found;
}

/** The same in directory bytes that the caller already has, below the folder `root`. */
export function findEntryInDirectory(directory: Uint8Array, name: string, root?: string): ZipEntry | undefined {
  const search = new EntrySearch(name, root);
  const { at } = walkHeaders(directory, viewOf(directory), 0, directory.byteLength, search.visit);
  if (search.found === undefined && at !== directory.byteLength) {
    throw new ZipError("directory-cut", "the directory ends inside a header");
  }
  return search.found;
}

class EntrySearch {
  found: ZipEntry | undefined;
  readonly #name: string;
  readonly #root: string;
  readonly #spellings: Uint8Array[];

  constructor(name: string, root = "") {
    this.#name = name;
    this.#root = root;
    this.#spellings = encodeName(root + name);
  }

  readonly visit: HeaderVisitor = (bytes, view, at) => {
    const nameLength = view.getUint16(at + CENTRAL_AT.nameLength, true);
    for (const spelling of this.#spellings) {
      if (spelling.byteLength !== nameLength || !matchesBytes(bytes, at + CENTRAL_SIZE, spelling)) continue;
      const entry = parseEntry(bytes, view, at);
      if (entry.name !== this.#root + this.#name) continue;
      this.found = { ...entry, name: this.#name };
      return false;
    }
    return true;
  };
}

/** The entry whose central header begins at `at`. */
export function parseEntry(bytes: Uint8Array, view: DataView, at: number): ZipEntry {
  const header = parseCentralHeader(view, at);
  const nameAt = at + CENTRAL_SIZE;
  const nameBytes = bytes.slice(nameAt, nameAt + header.nameLength);
  return {
    name: decodeName(nameBytes, header.flags),
    nameBytes,
    method: header.method,
    flags: header.flags,
    crc: header.crc,
    ...resolveZip64(view, header, nameAt + header.nameLength),
  };
}
