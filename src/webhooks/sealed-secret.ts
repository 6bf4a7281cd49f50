import { type EncryptionSecret, openText, type SealedFor, sealText } from "../auth/sealed-text.ts";

/** Bytes of a new signing secret: as strong as HMAC-SHA-256 is. */
const SECRET_BYTES = 32;

const sealedFor = (endpointId: string): SealedFor => ({ purpose: "taskyard webhook secret 1", owner: endpointId });

/** A new signing secret: `whsec_` and 256 random bits. Its text, prefix included, is the key of the HMAC. */
export function drawSigningSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return `whsec_${bytes.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** A signing secret as it is stored with its endpoint: signing needs it back, so it is encrypted and not hashed. */
export async function sealSecret(secret: EncryptionSecret, endpointId: string, signingSecret: string): Promise<string> {
  return await sealText(secret, sealedFor(endpointId), signingSecret);
}

/** The signing secret again; undefined when none of the deployment's secrets opens it. */
export async function openSecret(
  secrets: readonly EncryptionSecret[],
  endpointId: string,
  sealed: string,
): Promise<string | undefined> {
  return await openText(secrets, sealedFor(endpointId), sealed);
}
