/**
 * Signing secrets of webhooks as they are stored: signing needs them back, so they are encrypted and not hashed. Each is
 * bound to its endpoint, so that one cannot be put in another's place.
 */

/** A named secret of the deployment. The first of a list encrypts, all of them decrypt. */
export interface EncryptionSecret {
  readonly kid: string;
  readonly secret: string;
}

/** Bytes of a new signing secret: as strong as HMAC-SHA-256 is. */
const SECRET_BYTES = 32;
/** What AES-GCM takes; random ones do not repeat within any number of webhooks. */
const NONCE_BYTES = 12;
/** Keeps these keys apart from whatever else may be derived from the same secret. */
const PURPOSE = new TextEncoder().encode("taskyard webhook secret 1");
const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;

const derivedKeys = new WeakMap<EncryptionSecret, CryptoKey>();

async function keyOf(secret: EncryptionSecret): Promise<CryptoKey> {
  const derived = derivedKeys.get(secret);
  if (derived) return derived;
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret.secret), "HKDF", false, [
    "deriveKey",
  ]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: PURPOSE },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
  derivedKeys.set(secret, key);
  return key;
}

const cipherOf = (iv: Uint8Array<ArrayBuffer>, endpointId: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(endpointId),
});

/** A new signing secret: `whsec_` and 256 random bits. Its text, prefix included, is the key of the HMAC. */
export function drawSigningSecret(): string {
  return `whsec_${crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toBase64(BASE64URL)}`;
}

/** A signing secret as it is stored with its endpoint: `kid:nonce:ciphertext`. */
export async function sealSecret(secret: EncryptionSecret, endpointId: string, signingSecret: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const plain = new TextEncoder().encode(signingSecret);
  const sealed = await crypto.subtle.encrypt(cipherOf(nonce, endpointId), await keyOf(secret), plain);
  return [secret.kid, nonce.toBase64(BASE64URL), new Uint8Array(sealed).toBase64(BASE64URL)].join(":");
}

/** The signing secret again; undefined when none of the deployment's secrets opens it. */
export async function openSecret(
  secrets: readonly EncryptionSecret[],
  endpointId: string,
  sealed: string,
): Promise<string | undefined> {
  const [kid, nonce = "", ciphertext = ""] = sealed.split(":");
  const secret = secrets.find((candidate) => candidate.kid === kid);
  if (!secret) return undefined;
  try {
    const [iv, bytes] = [Uint8Array.fromBase64(nonce, BASE64URL), Uint8Array.fromBase64(ciphertext, BASE64URL)];
    const plain = await crypto.subtle.decrypt(cipherOf(iv, endpointId), await keyOf(secret), bytes);
    return new TextDecoder().decode(plain);
  } catch {
    return undefined;
  }
}
