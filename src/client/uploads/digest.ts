import { toHex } from "../random-id.ts";

/** A SHA-256 in hex, and as the header `Content-Digest` has it; undefined on pages that were not loaded over https, which cannot hash. */
export async function digest(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ hex: string; header: { "Content-Digest": string } } | undefined> {
  // oxlint-disable-next-line typescript/no-unnecessary-condition -- it is missing there
  const hash = await (crypto.subtle as SubtleCrypto | undefined)?.digest("SHA-256", bytes);
  if (!hash) return undefined;
  const sum = new Uint8Array(hash);
  return { hex: toHex(sum), header: { "Content-Digest": `sha-256=:${btoa(String.fromCharCode(...sum))}:` } };
}
