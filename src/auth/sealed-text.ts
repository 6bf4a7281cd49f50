/**
 * Texts that are stored encrypted, because they are needed back: signing secrets of webhooks, values of secrets. Each is
 * bound to its purpose and its owner, so that one cannot be put in another's place.
 */

/** A named secret of the deployment. The first of a list encrypts, all of them decrypt. */
export interface EncryptionSecret {
  readonly kid: string;
  readonly secret: string;
}

/** What a text is sealed for. The purpose keeps the keys apart that are derived from the same secret. */
export interface SealedFor {
  purpose: "taskyard webhook secret 1" | "taskyard secret value 1";
  /** Id of what the text belongs to. */
  owner: string;
}

/** What AES-GCM takes; random ones do not repeat within any number of texts that there will be. */
const NONCE_BYTES = 12;
const BASE64URL = { alphabet: "base64url", omitPadding: true } as const;

const derivedKeys = new WeakMap<EncryptionSecret, Map<string, CryptoKey>>();

async function keyOf(secret: EncryptionSecret, purpose: SealedFor["purpose"]): Promise<CryptoKey> {
  const known = derivedKeys.get(secret) ?? new Map<string, CryptoKey>();
  derivedKeys.set(secret, known);
  const derived = known.get(purpose);
  if (derived) return derived;
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret.secret), "HKDF", false, [
    "deriveKey",
  ]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode(purpose) },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
  known.set(purpose, key);
  return key;
}

const cipherOf = (iv: Uint8Array<ArrayBuffer>, owner: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(owner),
});

/** A text as it is stored with its owner: `kid:nonce:ciphertext`. */
export async function sealText(secret: EncryptionSecret, { purpose, owner }: SealedFor, text: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const plain = new TextEncoder().encode(text);
  const sealed = await crypto.subtle.encrypt(cipherOf(nonce, owner), await keyOf(secret, purpose), plain);
  return [secret.kid, nonce.toBase64(BASE64URL), new Uint8Array(sealed).toBase64(BASE64URL)].join(":");
}

/** The text again; undefined when none of the deployment's secrets opens it. */
export async function openText(
  secrets: readonly EncryptionSecret[],
  { purpose, owner }: SealedFor,
  sealed: string,
): Promise<string | undefined> {
  const [kid, nonce = "", ciphertext = ""] = sealed.split(":");
  const secret = secrets.find((candidate) => candidate.kid === kid);
  if (!secret) return undefined;
  try {
    const [iv, bytes] = [Uint8Array.fromBase64(nonce, BASE64URL), Uint8Array.fromBase64(ciphertext, BASE64URL)];
    const plain = await crypto.subtle.decrypt(cipherOf(iv, owner), await keyOf(secret, purpose), bytes);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    return undefined;
  }
}
