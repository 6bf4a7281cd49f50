import type { ExecResult } from "just-bash";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as a string with one character for each: the shell's form of what is in a pipe. */
export function toByteString(bytes: Uint8Array): string {
  let text = "";
  // In slices: a call takes no more arguments than this with certainty.
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return text;
}

/** What a pipe carries; the shell hides from its types that it is such a string. */
export function pipeText(stdin: unknown): string {
  return typeof stdin === "string" ? stdin : "";
}

/** The reverse of `toByteString`; what is no byte is encoded as UTF-8. */
export function fromByteString(text: string): Uint8Array {
  if (isAscii(text)) return encoder.encode(text);
  if (isByteString(text)) return Uint8Array.from(text, (char) => char.charCodeAt(0));
  return encoder.encode(text);
}

/** Most of what commands write, and the same as text and as bytes. */
export function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
  return /^[\u0000-\u007f]*$/.test(text);
}

/** Text as the string of its UTF-8 bytes. */
export function encodeText(text: string): string {
  if (isAscii(text)) return text;
  return toByteString(encoder.encode(text));
}

/** Text of bytes as the shell's tools expect it: UTF-8, or one character for each byte where it is not. */
export function decodeText(bytes: Uint8Array): { text: string; isBinary: boolean } {
  try {
    return { text: strict.decode(bytes), isBinary: false };
  } catch {
    return { text: toByteString(bytes), isBinary: true };
  }
}

export function isByteString(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 255) return false;
  return true;
}

/** A result with bytes for output, so that redirects and pipes keep them. `isBinary`: its text is one character a byte. */
export function asBytes(result: ExecResult, isBinary: boolean): ExecResult {
  const isDone = result.stdoutKind === "bytes" || result.stdoutEncoding === "binary";
  const isKept = isDone || (isBinary && isByteString(result.stdout));
  return { ...result, stdout: isKept ? result.stdout : encodeText(result.stdout), stdoutKind: "bytes" };
}
