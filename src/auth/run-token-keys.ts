import { exportJWK, exportSPKI, importPKCS8 } from "jose";

/** The algorithm of run tokens (agent-tasks 8.2). */
export const RUN_TOKEN_ALGORITHM = "RS256";

const VERIFYING = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** RSA private keys as PKCS #8 PEM, newest first: the first signs, the public halves of all are published. */
export type RunTokenSecrets = readonly string[];

/** A key pair that signs run tokens. */
export interface RunTokenKey {
  /** Names the key in the tokens it signs: the start of the SHA-256 of the public key's SPKI DER (8.2). */
  kid: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
  /** The public key as it stands in a JSON Web Key Set. */
  jwk: { kty: "RSA"; use: "sig"; alg: typeof RUN_TOKEN_ALGORITHM; kid: string; n: string; e: string };
  /** The public key as SPKI PEM. */
  pem: string;
}

/** Hexadecimal characters of a key's SHA-256 that make its `kid` (8.2). */
const KID_LENGTH = 16;

const importedKeys = new WeakMap<RunTokenSecrets, RunTokenKey[]>();

/** The keys of a deployment, imported once per isolate. Throws, without showing it, for a PEM that is no RSA key. */
export async function importRunTokenKeys(secrets: RunTokenSecrets): Promise<RunTokenKey[]> {
  const known = importedKeys.get(secrets);
  if (known) return known;
  const keys = await Promise.all(secrets.map(importKeyPair));
  importedKeys.set(secrets, keys);
  return keys;
}

async function importKeyPair(privatePem: string): Promise<RunTokenKey> {
  try {
    const privateKey = await importPKCS8(privatePem, RUN_TOKEN_ALGORITHM, { extractable: true });
    const { kty, n, e } = await exportJWK(privateKey);
    if (kty !== "RSA" || n === undefined || e === undefined) throw new TypeError("not an RSA key");
    const publicKey = await crypto.subtle.importKey("jwk", { kty, n, e }, VERIFYING, true, ["verify"]);
    const pem = await exportSPKI(publicKey);
    const kid = await kidOf(pem);
    return { kid, privateKey, publicKey, jwk: { kty: "RSA", use: "sig", alg: RUN_TOKEN_ALGORITHM, kid, n, e }, pem };
  } catch {
    // Whatever the parser says may quote the key.
    throw new Error("RUN_TOKEN_PRIVATE_KEY holds a key that is no RSA private key in PKCS #8 PEM.");
  }
}

async function kidOf(pem: string): Promise<string> {
  const der = Uint8Array.fromBase64(pem.replaceAll(/-----[^-]+-----|\s/g, ""));
  const digest = await crypto.subtle.digest("SHA-256", der);
  return new Uint8Array(digest).toHex().slice(0, KID_LENGTH);
}
