/** SHA-256 of a text in lower-case hex. Enough for keys and tokens of 256 random bits: there is nothing to guess. */
export async function hashText(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}
