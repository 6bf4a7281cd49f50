import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";

/** An RSA key for RUN_TOKEN_PRIVATE_KEY: PKCS #8 PEM on one line, as settings files take it. */
export function makePrivateKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return privateKey.trim().replaceAll("\n", String.raw`\n`);
}

/** The public half of a RUN_TOKEN_PRIVATE_KEY, as PEM; of its first key where it has several. */
export function publicPemOf(setting: string): string {
  const privateKey = createPrivateKey(setting.replaceAll(String.raw`\n`, "\n"));
  return createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
}
