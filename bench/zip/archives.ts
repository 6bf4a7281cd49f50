import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { crc32, deflateRawSync } from "node:zlib";

/** What every lister has to answer for an archive, as a digest of the JSON text. */
export interface SampleArchive {
  readonly path: string;
  readonly entries: number;
  readonly bytes: number;
  readonly listingDigest: string;
}

export interface SampleFile {
  readonly name: string;
  readonly body: Uint8Array;
  readonly deflate: boolean;
}

const FILES_OF_A_TASK = ["environment/Dockerfile", "task.yaml", "solution/solve.sh", "tests/test_outputs.py"];
/** Central headers and bodies are gathered to writes of this many bytes. */
const FLUSH_SIZE = 4 * 1024 * 1024;
const SENTINEL_16 = 0xffff;

/** Names as task sets have them, 43 bytes on average, with bodies of 16 stored bytes. */
export function* taskFiles(count: number): Generator<SampleFile> {
  const body = Buffer.from("0123456789abcdef");
  for (let index = 0; index < count; index += 1) yield { name: taskFileName(index), body, deflate: false };
}

/** The same names with bodies of 20,000 bytes that do not shrink, one of them text that does. */
export function* largeFiles(count: number, textIndex: number): Generator<SampleFile> {
  const text = Buffer.alloc(20_000, "A line of the kind that deflate makes shorter, but not by much: 0123456789.\n");
  const noise = Buffer.alloc(20_000);
  for (let at = 0, state = 1; at < noise.length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    noise[at] = state >>> 16;
  }
  for (let index = 0; index < count; index += 1) {
    const isText = index === textIndex;
    yield { name: taskFileName(index), body: isText ? text : noise, deflate: isText };
  }
}

export function taskFileName(index: number): string {
  const file = FILES_OF_A_TASK[index % FILES_OF_A_TASK.length] ?? "";
  return `dataset-v1/task-${String(Math.floor(index / FILES_OF_A_TASK.length)).padStart(6, "0")}/${file}`;
}

/** Writes an archive; with more than 65,535 entries it has zip64 end records. */
export async function writeArchive(path: string, files: Iterable<SampleFile>): Promise<SampleArchive> {
  const file = await open(path, "w");
  const listing = createHash("sha256").update("[");
  const centrals: Buffer[] = [];
  const pending = new PendingWrites(file);
  let entries = 0;
  for (const { name, body, deflate } of files) {
    const data = deflate ? deflateRawSync(body) : body;
    const nameBytes = Buffer.from(name);
    const common = commonFields(deflate ? 8 : 0, crc32(body), data.byteLength, body.byteLength, nameBytes.byteLength);
    centrals.push(centralHeader(common, pending.offset, nameBytes));
    await pending.add(Buffer.from([0x50, 0x4b, 3, 4]), common, nameBytes, data);
    const row = { filename: name, file_size: body.byteLength, compress_size: data.byteLength };
    listing.update(`${entries > 0 ? "," : ""}${JSON.stringify(row)}`);
    entries += 1;
  }
  const directoryOffset = pending.offset;
  for (const central of centrals) await pending.add(central);
  await pending.add(endRecords(entries, pending.offset - directoryOffset, directoryOffset));
  await pending.flush();
  await file.close();
  return { path, entries, bytes: pending.offset, listingDigest: listing.update("]").digest("hex") };
}

class PendingWrites {
  offset = 0;
  #parts: Uint8Array[] = [];
  #size = 0;
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(...parts: Uint8Array[]): Promise<void> {
    for (const part of parts) {
      this.#parts.push(part);
      this.#size += part.byteLength;
      this.offset += part.byteLength;
    }
    if (this.#size >= FLUSH_SIZE) await this.flush();
  }

  async flush(): Promise<void> {
    await this.#file.write(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#size = 0;
  }
}

/** Version, flags, method, time, CRC, sizes and lengths: the fields that both headers share, in the same order. */
function commonFields(method: number, crc: number, compressedSize: number, size: number, nameLength: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt16LE(0x5921, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(compressedSize, 14);
  fields.writeUInt32LE(size, 18);
  fields.writeUInt16LE(nameLength, 22);
  return fields;
}

function centralHeader(common: Buffer, localOffset: number, name: Buffer): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(20, 4);
  common.copy(header, 6);
  header.writeUInt32LE(localOffset, 42);
  return Buffer.concat([header, name]);
}

function endRecords(entries: number, directorySize: number, directoryOffset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(entries, SENTINEL_16), 8);
  end.writeUInt16LE(Math.min(entries, SENTINEL_16), 10);
  end.writeUInt32LE(directorySize, 12);
  end.writeUInt32LE(directoryOffset, 16);
  if (entries < SENTINEL_16) return end;
  const zip64 = Buffer.alloc(56);
  zip64.writeUInt32LE(0x06064b50, 0);
  zip64.writeUInt32LE(44, 4);
  zip64.writeUInt16LE(45, 12);
  zip64.writeUInt16LE(45, 14);
  for (const [at, value] of [
    [24, entries],
    [32, entries],
    [40, directorySize],
    [48, directoryOffset],
  ] as const) {
    zip64.writeBigUInt64LE(BigInt(value), at);
  }
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(directoryOffset + directorySize), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([zip64, locator, end]);
}
