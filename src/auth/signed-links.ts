/**
 * Links that carry their own permission: whoever holds one may do one thing to one resource until it expires, without
 * credentials. Everything in the path and the query is signed, so what a link is for (a file's ETag, the disposition of
 * a download) stands in its query and cannot be changed, added or left out.
 */

/** A named secret. The first of a list signs, all of them verify: a new one is put first, an old one dropped later. */
export interface LinkSecret {
  readonly kid: string;
  readonly secret: string;
}

export interface LinkGrant {
  /** The method that the link is for; one for `GET` is good for `HEAD` too. */
  method: string;
  /** Where the link leads, with the query that it must carry; the origin is not signed. */
  url: URL;
  expiresAt: Date;
}

export type LinkVerdict = { ok: true } | { ok: false; reason: "expired" | "invalid" };

/** Query parameters that a signature adds. */
const [EXPIRES, KEY_ID, SIGNATURE] = ["expires", "kid", "signature"];

/** Keeps these signatures apart from whatever else may be signed with the same secret. */
const PURPOSE = "taskyard signed link 1";

const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

const importedKeys = new WeakMap<LinkSecret, CryptoKey>();

async function keyOf(secret: LinkSecret): Promise<CryptoKey> {
  const imported = importedKeys.get(secret);
  if (imported) return imported;
  const bytes = new TextEncoder().encode(secret.secret);
  const key = await crypto.subtle.importKey("raw", bytes, ALGORITHM, false, ["sign", "verify"]);
  importedKeys.set(secret, key);
  return key;
}

const encoder = new TextEncoder();

/** The bytes that are signed. The query has no signature and is sorted: its order makes no difference. */
function signedBytes(method: string, pathname: string, query: URLSearchParams): Uint8Array {
  const verb = method === "HEAD" ? "GET" : method;
  return encoder.encode([PURPOSE, verb, pathname, query.toString()].join("\n"));
}

/** The link, signed with the first secret. Throws when there is no secret: LINK_SIGNING_SECRETS is not configured. */
export async function signLink(secrets: readonly LinkSecret[], grant: LinkGrant): Promise<string> {
  const [secret] = secrets;
  if (!secret) throw new Error("LINK_SIGNING_SECRETS is not configured (see docs/configuration.md).");
  const { origin, pathname, search } = grant.url;
  const query = new URLSearchParams(search);
  query.set(EXPIRES, String(Math.floor(grant.expiresAt.getTime() / 1000)));
  query.set(KEY_ID, secret.kid);
  query.sort();
  const signature = await crypto.subtle.sign(
    ALGORITHM,
    await keyOf(secret),
    signedBytes(grant.method, pathname, query),
  );
  query.set(SIGNATURE, new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true }));
  return `${origin}${pathname}?${query.toString()}`;
}

function readSignature(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    return undefined;
  }
}

/**
 * Whether a request's method and URL are those of a link that one of the secrets signed and that has not expired. The
 * comparison takes the same time whatever the signature is; an expiry is told only of links that were ours.
 */
export async function verifyLink(
  secrets: readonly LinkSecret[],
  request: { method: string; url: string | URL },
  now: Date,
): Promise<LinkVerdict> {
  const { pathname, searchParams: query } = new URL(request.url);
  const secret = secrets.find(({ kid }) => kid === query.get(KEY_ID));
  const signature = readSignature(query.get(SIGNATURE) ?? "");
  if (!secret || !signature) return { ok: false, reason: "invalid" };
  query.delete(SIGNATURE);
  query.sort();
  const signed = signedBytes(request.method, pathname, query);
  const genuine = await crypto.subtle.verify(ALGORITHM, await keyOf(secret), signature, signed);
  if (!genuine) return { ok: false, reason: "invalid" };
  const expiresAt = Number(query.get(EXPIRES)) * 1000;
  return expiresAt > now.getTime() ? { ok: true } : { ok: false, reason: "expired" };
}
