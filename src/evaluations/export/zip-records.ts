/** The records of a zip file (APPNOTE 6.3.10, sections 4.3.7 to 4.3.16), with Zip64 where a number does not fit. */

/** What is known of an entry once it is written. */
export interface WrittenEntry {
  name: Uint8Array;
  /** Compression method: 0 stored, 8 deflated. */
  method: 0 | 8;
  crc: number;
  compressed: number;
  size: number;
  /** Where its local header begins. */
  offset: number;
  /** Whether its numbers stand behind its data, which came as a stream. */
  streamed: boolean;
}

const MAX_32 = 0xffff_ffff;
const MAX_16 = 0xffff;

/** Bit 3: numbers behind the data; bit 11: names in UTF-8. */
const flagsOf = ({ streamed }: WrittenEntry) => 0x0800 | (streamed ? 0x0008 : 0);

/** Version needed: 4.5 for Zip64, 2.0 for deflate. */
const versionOf = (large: boolean) => (large ? 45 : 20);

/** 1 January 1980, the first day of MS-DOS: archives of the same items are the same bytes. */
const DOS_DATE = (1 << 5) | 1;

/** Little-endian numbers, one after the other. */
class Fields {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u16(...values: number[]): this {
    for (const value of values) {
      this.#view.setUint16(this.#at, value, true);
      this.#at += 2;
    }
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) {
      this.#view.setUint32(this.#at, value, true);
      this.#at += 4;
    }
    return this;
  }

  u64(...values: number[]): this {
    for (const value of values) {
      this.#view.setBigUint64(this.#at, BigInt(value), true);
      this.#at += 8;
    }
    return this;
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }
}

/** What stands before an entry's data. Sizes of a streamed one are 0 here, as its flags say. */
export function localHeader(entry: WrittenEntry): Uint8Array {
  const { name, method, streamed } = entry;
  const [crc, compressed, size] = streamed ? [0, 0, 0] : [entry.crc, entry.compressed, entry.size];
  return new Fields(30 + name.length)
    .u32(0x0403_4b50)
    .u16(versionOf(false), flagsOf(entry), method, 0, DOS_DATE)
    .u32(crc, compressed, size)
    .u16(name.length, 0)
    .put(name).bytes;
}

/** What stands behind a streamed entry's data. */
export function dataDescriptor({ crc, compressed, size }: WrittenEntry): Uint8Array {
  return new Fields(16).u32(0x0807_4b50, crc, compressed, size).bytes;
}

/** Bytes of an entry with what stands around its data. */
export function entryLength({ name, compressed, streamed }: WrittenEntry): number {
  return 30 + name.length + compressed + (streamed ? 16 : 0);
}

/** An entry of the central directory. */
export function directoryEntry(entry: WrittenEntry): Uint8Array {
  const { name, method, crc, compressed, size, offset } = entry;
  const large = offset >= MAX_32;
  const record = new Fields(46 + name.length + (large ? 12 : 0))
    .u32(0x0201_4b50)
    // Made by: 3 is Unix, so that readers take the permissions below.
    .u16((3 << 8) | 45, versionOf(large), flagsOf(entry), method, 0, DOS_DATE)
    .u32(crc, compressed, size)
    .u16(name.length, large ? 12 : 0, 0, 0, 0)
    // A regular file that everybody may read.
    .u32(0o100644 << 16, large ? MAX_32 : offset)
    .put(name);
  return (large ? record.u16(1, 8).u64(offset) : record).bytes;
}

/** The end of the archive: `count` entries in a directory of `length` bytes at `offset`. */
export function endOfDirectory(count: number, offset: number, length: number): Uint8Array {
  const large = count >= MAX_16 || offset >= MAX_32 || length >= MAX_32;
  const record = new Fields(22 + (large ? 76 : 0));
  if (large) {
    record
      .u32(0x0606_4b50)
      .u64(44)
      .u16(45, 45)
      .u32(0, 0)
      .u64(count, count, length, offset)
      .u32(0x0706_4b50, 0)
      .u64(offset + length)
      .u32(1);
  }
  return record
    .u32(0x0605_4b50)
    .u16(0, 0, Math.min(count, MAX_16), Math.min(count, MAX_16))
    .u32(Math.min(length, MAX_32), Math.min(offset, MAX_32))
    .u16(0).bytes;
}
