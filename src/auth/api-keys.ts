import { hashText } from "./text-hash.ts";

/**
 * API keys: `ty_` + look-up part + `_` + secret, both in hex; or the same bytes as `ca_` + base64url, for clients that
 * check what the workflow files' contract says of keys. The look-up part finds the row; the secret carries 256 random
 * bits, so one SHA-256 over the whole key is a sufficient hash: there is nothing to guess that a slow one would protect.
 */

export const KEY_FORMATS = ["ty", "ca"] as const;
export type KeyFormat = (typeof KEY_FORMATS)[number];

/** 96 bits: look-up parts do not collide. Divisible by three, so that in base64url they end where a character ends. */
const LOOKUP_BYTES = 12;
const SECRET_BYTES = 32;
const KEY_PATTERN = /^(?:ty_([0-9a-f]{24})_[0-9a-f]{64}|ca_([\w-]{16})[\w-]{43})$/;
/** Characters of a look-up part in hex; one in base64url is shorter. */
const HEX_LOOKUP_LENGTH = 2 * LOOKUP_BYTES;

/** A new key. `key` is shown once; `lookup` and `hash` are stored. */
export interface NewApiKey {
  key: string;
  lookup: string;
  hash: string;
}

const toBase64url = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

/** Makes a key of 256 secret bits. */
export async function generateApiKey(format: KeyFormat = "ty"): Promise<NewApiKey> {
  const encode = format === "ty" ? (bytes: Uint8Array) => bytes.toHex() : toBase64url;
  const lookup = encode(crypto.getRandomValues(new Uint8Array(LOOKUP_BYTES)));
  const secret = encode(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
  const key = format === "ty" ? `ty_${lookup}_${secret}` : `ca_${lookup}${secret}`;
  return { key, lookup, hash: await hashText(key) };
}

/** The look-up part of a key, or undefined when the text cannot be a key of ours. */
export function lookupOf(key: string): string | undefined {
  const [, hex, base64url] = KEY_PATTERN.exec(key) ?? [];
  return hex ?? base64url;
}

/** What may be shown of the key with this look-up part. */
export function maskKey(lookup: string): string {
  return lookup.length === HEX_LOOKUP_LENGTH ? `ty_${lookup}_…` : `ca_${lookup}…`;
}

/** Compares two secrets in a time that does not tell where they differ. */
export async function equalSecrets(left: string, right: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [a, b] = await Promise.all([left, right].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))));
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}
