/**
 * API keys: `ty_` + look-up part + `_` + secret, both in hex. The look-up part finds the row; the secret carries 256
 * random bits, so one SHA-256 over the whole key is a sufficient hash: there is nothing to guess that a slow one would
 * protect.
 */

/** 96 bits: look-up parts do not collide. */
const LOOKUP_BYTES = 12;
const SECRET_BYTES = 32;
const KEY_PATTERN = /^ty_([0-9a-f]{24})_[0-9a-f]{64}$/;

/** A new key. `key` is shown once; `lookup` and `hash` are stored. */
export interface NewApiKey {
  key: string;
  lookup: string;
  hash: string;
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}

/** SHA-256 of the whole key in lower-case hex. */
export async function hashApiKey(key: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key))).toHex();
}

/** Makes a key of 256 secret bits. */
export async function generateApiKey(): Promise<NewApiKey> {
  const lookup = randomHex(LOOKUP_BYTES);
  const key = `ty_${lookup}_${randomHex(SECRET_BYTES)}`;
  return { key, lookup, hash: await hashApiKey(key) };
}

/** The look-up part of a key, or undefined when the text cannot be a key of ours. */
export function lookupOf(key: string): string | undefined {
  return KEY_PATTERN.exec(key)?.[1];
}

/** Compares two secrets in a time that does not tell where they differ. */
export async function equalSecrets(left: string, right: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [a, b] = await Promise.all([left, right].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))));
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}
