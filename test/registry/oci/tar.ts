import { gzipSync } from "fflate";

/** One entry as the tests make it; what is not said is as tar itself writes it. */
export interface TarInput {
  name: string | Uint8Array;
  data?: string | Uint8Array;
  /** Typeflag. */
  type?: string;
  link?: string;
  mode?: number;
  /** Seconds. */
  modified?: number;
  /** The size that the header says, where it is not the data's. */
  size?: number;
  magic?: string;
  /** Breaks the checksum. */
  broken?: boolean;
}

const encoder = new TextEncoder();
const toBytes = (value: string | Uint8Array) => (typeof value === "string" ? encoder.encode(value) : value);

function header(
  { name, type = "0", link = "", mode = 0o644, modified = 0, ...entry }: TarInput,
  size: number,
): Uint8Array {
  const block = new Uint8Array(512);
  const put = (at: number, text: string | Uint8Array) => block.set(toBytes(text), at);
  const octal = (at: number, length: number, value: number) =>
    put(
      at,
      value
        .toString(8)
        .padStart(length - 1, "0")
        .slice(-(length - 1)),
    );
  put(0, toBytes(name).subarray(0, 100));
  octal(100, 8, mode);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, size);
  octal(136, 12, modified);
  put(148, " ".repeat(8));
  put(156, type);
  put(157, link);
  put(257, entry.magic ?? "ustar\u000000");
  const sum = block.reduce((total, byte) => total + byte, 0) + (entry.broken === true ? 1 : 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

const padded = (bytes: Uint8Array) => {
  const whole = new Uint8Array(Math.ceil(bytes.byteLength / 512) * 512);
  whole.set(bytes);
  return whole;
};

/** A pax header with these records, to stand in front of the entry that they are about. */
export function pax(records: Record<string, string>, type = "x"): TarInput {
  const lines = Object.entries(records).map(([keyword, value]) => {
    const rest = ` ${keyword}=${value}\n`;
    const length = encoder.encode(rest).byteLength;
    let digits = 1;
    while (String(length + digits).length !== digits) digits += 1;
    return `${length + digits}${rest}`;
  });
  return { name: "PaxHeaders/0", type, data: lines.join("") };
}

/** A tar of these entries; `end` false leaves out the zeros that it ends with. */
export function tar(
  entries: readonly TarInput[],
  { end = true, after = new Uint8Array(0) } = {},
): Uint8Array<ArrayBuffer> {
  const blocks = entries.flatMap((entry) => {
    const data = toBytes(entry.data ?? "");
    return [header(entry, entry.size ?? data.byteLength), padded(data)];
  });
  if (end) blocks.push(new Uint8Array(1024));
  return concat([...blocks, after]);
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

export function gzip(bytes: Uint8Array, level: 0 | 6 = 6): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes, { mtime: 0, level }));
}

/** A gzipped tar of these files. */
export function layerOf(files: Record<string, string | Uint8Array>, level: 0 | 6 = 6): Uint8Array<ArrayBuffer> {
  return gzip(tar(Object.entries(files).map(([name, data]) => ({ name, data }))), level);
}
