/**
 * Writes zip archives field by field, the sound ones and every unsound one: each field has the value that a good writer
 * gives it unless the test says otherwise.
 */
import { crc32, deflateRawSync } from "node:zlib";

const encoder = new TextEncoder();

/** Fields of a local or central header that a test sets by hand. */
export interface HeaderFields {
  signature?: number;
  versionMadeBy?: number;
  versionNeeded?: number;
  flags?: number;
  method?: number;
  crc?: number;
  compressedSize?: number;
  size?: number;
  nameLength?: number;
  extraLength?: number;
  disk?: number;
  externalAttributes?: number;
  localOffset?: number;
  name?: string | Uint8Array;
  extra?: Uint8Array;
  /** MS-DOS time and date, in one number. */
  modified?: number;
  comment?: string | Uint8Array;
}

/** One entry; `local` and `central` set what differs in one of the two headers only. */
export interface EntryFields extends HeaderFields {
  name: string | Uint8Array;
  /** What the entry unpacks to. */
  data?: string | Uint8Array;
  /** The bytes that are stored, when they are not what `data` and the method make. */
  stored?: Uint8Array;
  local?: HeaderFields;
  central?: HeaderFields;
  /** A data descriptor after the data; flag 3 and the zeros in the local header come with it. */
  descriptor?: "signed" | "plain" | "signed64" | "plain64";
  /** The descriptor's bytes, when they are not the right ones. */
  descriptorBytes?: Uint8Array;
  /** Bytes between this entry and the one before it. */
  before?: Uint8Array;
}

/** The end of the archive. */
export interface EndFields {
  prefix?: Uint8Array;
  /** Bytes between the entries and the directory, the directory and its end records, and after everything. */
  beforeDirectory?: Uint8Array;
  afterDirectory?: Uint8Array;
  after?: Uint8Array;
  comment?: Uint8Array;
  commentLength?: number;
  disk?: number;
  directoryDisk?: number;
  entriesOnDisk?: number;
  entries?: number;
  directorySize?: number;
  directoryOffset?: number;
  /** Zip64 records before the end record: set to write them, with what differs. */
  zip64?: Zip64Fields;
}

export interface Zip64Fields {
  remainingSize?: number;
  disk?: number;
  directoryDisk?: number;
  entriesOnDisk?: number;
  entries?: number;
  directorySize?: number;
  directoryOffset?: number;
  locatorDisk?: number;
  locatorOffset?: number;
  locatorDisks?: number;
  /** Bytes between the zip64 record and its locator. */
  extensible?: Uint8Array;
}

export const FILE_MODE = 0o100644;
export const DIRECTORY_MODE = 0o040755;
/** Made by Unix, version 3.0 of the format. */
const MADE_BY_UNIX = 0x031e;

/** Little-endian bytes of numbers, two, four or eight each: `le(2, 1, 4, 0xffffffff)`. */
export function le(...pairs: number[]): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const size = pairs[at] ?? 0;
    let value = BigInt(pairs[at + 1] ?? 0);
    for (let index = 0; index < size; index += 1) {
      bytes.push(Number(value & 0xffn));
      value >>= 8n;
    }
  }
  return Uint8Array.from(bytes);
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function text(value: string): Uint8Array {
  return encoder.encode(value);
}

/** One extra field: id, length, data. */
export function extra(id: number, data: Uint8Array): Uint8Array {
  return concat(le(2, id, 2, data.length), data);
}

/** The 0x7075 extra field for a header's name. */
export function unicodePath(name: string, headerName: string = name): Uint8Array {
  return extra(0x7075, concat(le(1, 1, 4, crc32(text(headerName))), text(name)));
}

/** The archive of these entries, in this order. */
export function buildArchive(entries: EntryFields[], end: EndFields = {}): Uint8Array {
  const parts: Uint8Array[] = [end.prefix ?? new Uint8Array(0)];
  const headers: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    const facts = factsOf(entry);
    const before = entry.before ?? new Uint8Array(0);
    offset += before.length;
    const local = localHeader({ ...facts.fields, ...facts.later, ...entry.local });
    headers.push(centralHeader({ localOffset: offset, ...facts.fields, ...entry.central }));
    parts.push(before, local, facts.stored, facts.descriptor);
    offset += local.length + facts.stored.length + facts.descriptor.length;
  }
  const directory = concat(...headers);
  const beforeDirectory = end.beforeDirectory ?? new Uint8Array(0);
  offset += beforeDirectory.length;
  const place = { offset, size: directory.length, entries: entries.length };
  return concat(...parts, beforeDirectory, directory, end.afterDirectory ?? new Uint8Array(0), endRecords(place, end));
}

function factsOf(entry: EntryFields): {
  fields: HeaderFields & { name: string | Uint8Array };
  later: HeaderFields;
  stored: Uint8Array;
  descriptor: Uint8Array;
} {
  const data = typeof entry.data === "string" ? text(entry.data) : (entry.data ?? new Uint8Array(0));
  const method = entry.method ?? (data.length > 0 ? 8 : 0);
  const stored = entry.stored ?? (method === 8 ? new Uint8Array(deflateRawSync(data)) : data);
  const crc = entry.crc ?? crc32(data);
  const size = entry.size ?? data.length;
  const compressedSize = entry.compressedSize ?? stored.length;
  const directory = typeof entry.name === "string" && entry.name.endsWith("/");
  const mode = directory ? DIRECTORY_MODE : FILE_MODE;
  const flags = entry.flags ?? (entry.descriptor === undefined ? 0 : 8);
  return {
    fields: { externalAttributes: mode * 65_536, ...entry, method, crc, size, compressedSize, flags },
    later: entry.descriptor === undefined ? {} : { crc: 0, size: 0, compressedSize: 0 },
    stored,
    descriptor: entry.descriptorBytes ?? descriptorOf(entry.descriptor, crc, compressedSize, size),
  };
}

function descriptorOf(kind: EntryFields["descriptor"], crc: number, compressedSize: number, size: number): Uint8Array {
  if (kind === undefined) return new Uint8Array(0);
  const width = kind.endsWith("64") ? 8 : 4;
  const body = le(4, crc, width, compressedSize, width, size);
  return kind.startsWith("signed") ? concat(le(4, 0x08074b50), body) : body;
}

function localHeader(fields: HeaderFields): Uint8Array {
  const name = nameBytes(fields);
  const extras = fields.extra ?? new Uint8Array(0);
  return concat(
    le(4, fields.signature ?? 0x04034b50, 2, fields.versionNeeded ?? 20, 2, fields.flags ?? 0, 2, fields.method ?? 0),
    le(4, fields.modified ?? 0x5c221883, 4, fields.crc ?? 0, 4, fields.compressedSize ?? 0, 4, fields.size ?? 0),
    le(2, fields.nameLength ?? name.length, 2, fields.extraLength ?? extras.length),
    name,
    extras,
  );
}

function centralHeader(fields: HeaderFields): Uint8Array {
  const name = nameBytes(fields);
  const extras = fields.extra ?? new Uint8Array(0);
  const comment = typeof fields.comment === "object" ? fields.comment : text(fields.comment ?? "");
  return concat(
    le(4, fields.signature ?? 0x02014b50, 2, fields.versionMadeBy ?? MADE_BY_UNIX, 2, fields.versionNeeded ?? 20),
    le(2, fields.flags ?? 0, 2, fields.method ?? 0, 4, fields.modified ?? 0x5c221883, 4, fields.crc ?? 0),
    le(4, fields.compressedSize ?? 0, 4, fields.size ?? 0),
    le(2, fields.nameLength ?? name.length, 2, fields.extraLength ?? extras.length, 2, comment.length),
    le(2, fields.disk ?? 0, 2, 0, 4, fields.externalAttributes ?? 0, 4, fields.localOffset ?? 0),
    name,
    extras,
    comment,
  );
}

function endRecords(place: { offset: number; size: number; entries: number }, end: EndFields): Uint8Array {
  const { zip64 } = end;
  const comment = end.comment ?? new Uint8Array(0);
  const endOffset = place.offset + place.size + (end.afterDirectory?.length ?? 0);
  return concat(
    zip64 === undefined ? new Uint8Array(0) : zip64Records(place, endOffset, zip64),
    le(4, 0x06054b50, 2, end.disk ?? 0, 2, end.directoryDisk ?? 0),
    le(2, end.entriesOnDisk ?? end.entries ?? place.entries, 2, end.entries ?? place.entries),
    le(4, end.directorySize ?? place.size, 4, end.directoryOffset ?? place.offset),
    le(2, end.commentLength ?? comment.length),
    comment,
    end.after ?? new Uint8Array(0),
  );
}

function zip64Records(
  place: { offset: number; size: number; entries: number },
  endOffset: number,
  zip64: Zip64Fields,
): Uint8Array {
  return concat(
    le(4, 0x06064b50, 8, zip64.remainingSize ?? 44, 2, 45, 2, 45, 4, zip64.disk ?? 0, 4, zip64.directoryDisk ?? 0),
    le(8, zip64.entriesOnDisk ?? zip64.entries ?? place.entries, 8, zip64.entries ?? place.entries),
    le(8, zip64.directorySize ?? place.size, 8, zip64.directoryOffset ?? place.offset),
    zip64.extensible ?? new Uint8Array(0),
    le(4, 0x07064b50, 4, zip64.locatorDisk ?? 0, 8, zip64.locatorOffset ?? endOffset, 4, zip64.locatorDisks ?? 1),
  );
}

function nameBytes(fields: HeaderFields): Uint8Array {
  return typeof fields.name === "string" ? text(fields.name) : (fields.name ?? new Uint8Array(0));
}
