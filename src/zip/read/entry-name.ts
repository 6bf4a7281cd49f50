import { ZipError } from "./zip-error.ts";
import { FLAG_UTF8 } from "./records.ts";

/** Code page 437 from 0x80 on, the encoding of names without the UTF-8 flag (APPNOTE D.1). */
const CP437_HIGH =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * An entry's name as text: UTF-8 when its flag says so or its bytes are valid UTF-8 (macOS and others leave the flag
 * out), else code page 437. Refuses a name with the flag that is not UTF-8.
 */
export function decodeName(bytes: Uint8Array, flags: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    const name = decodeCp437(bytes);
    if ((flags & FLAG_UTF8) !== 0) throw new ZipError("name-not-utf8", "the name is not the UTF-8 it says it is", name);
    return name;
  }
}

/** The bytes that a name may be stored as: UTF-8 first, then code page 437 where that differs and can hold it. */
export function encodeName(name: string): Uint8Array[] {
  const asUtf8 = new TextEncoder().encode(name);
  const asCp437 = asUtf8.byteLength === name.length ? undefined : encodeCp437(name);
  return asCp437 === undefined ? [asUtf8] : [asUtf8, asCp437];
}

/** The name from the folder `root` (`name/`) on, or from the archive's root with ""; undefined when it lies elsewhere. */
export function nameBelow(root: string, name: string): string | undefined {
  if (root === "") return name;
  return name.length > root.length && name.startsWith(root) ? name.slice(root.length) : undefined;
}

/** Whether `bytes` hold `expected` from `at` on; the caller knows that they are long enough. */
export function matchesBytes(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.byteLength; index += 1) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}

function decodeCp437(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : CP437_HIGH.charAt(byte - 0x80);
  return text;
}

function encodeCp437(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const high = code < 0x80 ? 0 : CP437_HIGH.indexOf(text.charAt(at));
    if (high < 0) return undefined;
    bytes[at] = code < 0x80 ? code : high + 0x80;
  }
  return bytes;
}
