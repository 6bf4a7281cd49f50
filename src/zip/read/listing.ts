import { streamOf } from "./chunks.ts";
import { type HeaderVisitor, openDirectory } from "./directory.ts";
import { decodeName, encodeName, matchesBytes } from "./entry-name.ts";
import type { KnownDirectory } from "./locate.ts";
import { CENTRAL_AT, CENTRAL_SIZE } from "./records.ts";
import { RowBuffer } from "./rows.ts";
import type { ZipSource } from "./source.ts";

const SLASH = 0x2f;

export interface ListOptions {
  /** Only entries whose name, from the place's root on, begins with this. */
  readonly prefix?: string;
  /** Rows at most; entries behind the last row are still counted when the listing begins at the first entry. */
  readonly limit?: number;
  /** A `nextOffset` of an earlier listing, to go on from there. */
  readonly startAt?: number;
  /** Whether entries that stand for directories (their name ends with "/") are listed and counted; kept by default. */
  readonly directories?: "keep" | "skip";
}

export interface ListSummary {
  /** Entries that match, whatever the limit; undefined when the listing began inside the directory. */
  readonly matched: number | undefined;
  /** `startAt` for the first matching entry that the limit left out; undefined when none is left. */
  readonly nextOffset: number | undefined;
}

/**
 * The rows of a listing as JSON text in chunks of about 64 KiB: `{"filename":…,"file_size":…,"compress_size":…}`, joined
 * by commas, byte for byte as JSON.stringify writes them. Memory does not grow with the archive. Reads as
 * `openDirectory` does, and as far as the consumer asks. The generator returns the summary. An archive that turns out
 * broken throws ZipError, after the rows that were sound.
 */
export async function* listRows(
  source: ZipSource,
  known: KnownDirectory | undefined,
  options: ListOptions = {},
): AsyncGenerator<Uint8Array, ListSummary, void> {
  const startAt = options.startAt ?? 0;
  const countAll = startAt === 0;
  const limit = options.limit ?? Infinity;
  const root = new TextEncoder().encode(known?.root ?? "");
  const rows = new RowBuffer(root.byteLength, known?.size);
  const select = selection(options, root);
  let matched = 0;
  let nextAt: number | undefined;
  const visit: HeaderVisitor = (bytes, view, at) => {
    if (!select(bytes, view, at)) return true;
    matched += 1;
    if (rows.rows < limit) {
      rows.append(bytes, view, at);
      return true;
    }
    nextAt ??= at;
    return countAll;
  };
  let nextOffset: number | undefined;
  const directory = await openDirectory(source, known, startAt);
  try {
    while (await directory.fill()) {
      directory.walk(visit);
      if (nextAt !== undefined) nextOffset ??= directory.base + nextAt;
      const chunk = rows.ready ? rows.take() : undefined;
      if (chunk !== undefined) yield chunk;
    }
  } finally {
    await directory.close();
  }
  const rest = rows.take();
  if (rest !== undefined) yield rest;
  return { matched: countAll ? matched : undefined, nextOffset };
}

/** The listing as one JSON array. The stream fails with ZipError when the archive is broken. */
export function listEntries(
  source: ZipSource,
  known: KnownDirectory | undefined,
  options: ListOptions = {},
): ReadableStream<Uint8Array> {
  return streamOf(arrayOf(listRows(source, known, options)));
}

async function* arrayOf(rows: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const encoder = new TextEncoder();
  yield encoder.encode("[");
  yield* rows;
  yield encoder.encode("]");
}

function selection(
  { prefix = "", directories }: ListOptions,
  root: Uint8Array,
): (bytes: Uint8Array, view: DataView, at: number) => boolean {
  const prefixes = encodeName(prefix);
  const all = prefix === "";
  const skip = directories === "skip";
  const rootLength = root.byteLength;
  return (bytes, view, at) => {
    const fullLength = view.getUint16(at + CENTRAL_AT.nameLength, true);
    if (rootLength > 0 && (fullLength <= rootLength || !matchesBytes(bytes, at + CENTRAL_SIZE, root))) return false;
    const nameAt = at + CENTRAL_SIZE + rootLength;
    const nameLength = fullLength - rootLength;
    if (skip && bytes[nameAt + nameLength - 1] === SLASH && nameLength > 0) return false;
    if (all) return true;
    if (!prefixes.some((prefix) => prefix.byteLength <= nameLength && matchesBytes(bytes, nameAt, prefix)))
      return false;
    if (prefixes.length === 1) return true;
    const flags = view.getUint16(at + CENTRAL_AT.flags, true);
    return decodeName(bytes.subarray(nameAt, nameAt + nameLength), flags).startsWith(prefix);
  };
}
