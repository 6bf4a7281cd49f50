/** The CRC-32 of zip (APPNOTE 4.4.7), eight bytes a step: some 1 ns a byte against 2 to 40 byte by byte. */

const POLYNOMIAL = 0xedb88320;
const STEP = 8;

/** `TABLES[256 * n + b]`: the checksum of byte b followed by n zero bytes. */
const TABLES = buildTables();

/** Goes on from the checksum of the bytes before; 0 begins. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = ~before;
  let at = 0;
  for (const last = bytes.byteLength - STEP; at <= last; at += STEP) crc = stepEight(view, at, crc);
  for (; at < bytes.byteLength; at += 1) crc = lookUp(0, crc ^ view.getUint8(at)) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function stepEight(view: DataView, at: number, crc: number): number {
  const low = view.getInt32(at, true) ^ crc;
  const high = view.getInt32(at + 4, true);
  return (
    lookUp(7, low) ^
    lookUp(6, low >>> 8) ^
    lookUp(5, low >>> 16) ^
    lookUp(4, low >>> 24) ^
    lookUp(3, high) ^
    lookUp(2, high >>> 8) ^
    lookUp(1, high >>> 16) ^
    lookUp(0, high >>> 24)
  );
}

function lookUp(zeros: number, byte: number): number {
  return TABLES[256 * zeros + (byte & 0xff)] ?? 0;
}

function buildTables(): Int32Array {
  const tables = new Int32Array(256 * STEP);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const before = tables[index - 256] ?? 0;
    tables[index] = (tables[before & 0xff] ?? 0) ^ (before >>> 8);
  }
  return tables;
}
