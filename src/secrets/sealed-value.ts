import { type EncryptionSecret, openText, type SealedFor, sealText } from "../auth/sealed-text.ts";
import type { SealedSecret } from "./secret-store.ts";

const sealedFor = (secretId: string): SealedFor => ({ purpose: "taskyard secret value 1", owner: secretId });

/** A value as it is stored with its secret. */
export async function sealValue(key: EncryptionSecret, secretId: string, value: string): Promise<string> {
  return await sealText(key, sealedFor(secretId), value);
}

/** The values by their names. Throws where none of the deployment's keys opens one; the message names the secret. */
export async function openValues(
  keys: readonly EncryptionSecret[],
  sealed: readonly SealedSecret[],
): Promise<Record<string, string>> {
  const opened = sealed.map(async ({ id, name, sealedValue }) => {
    const value = await openText(keys, sealedFor(id), sealedValue);
    if (value === undefined) throw new Error(`No key of SECRET_ENCRYPTION_KEYS opens the secret '${name}'`);
    return [name, value] as const;
  });
  return Object.fromEntries(await Promise.all(opened));
}
