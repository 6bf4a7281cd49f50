import type { Database } from "../db/client.ts";
import type { Caller } from "./caller.ts";
import { hashText } from "./text-hash.ts";
import { isLastUsedStale, type Verdict, verifyApiKey } from "./verify-api-key.ts";

/**
 * Keys that this isolate has verified a moment ago: a look-up is a round trip to D1 before the one that a request is about.
 * A key that is revoked or switched off in another isolate is taken for at most RECENT_KEY_MS longer.
 */

export const RECENT_KEY_MS = 5_000;

/** Keys that are kept: as many clients as an isolate serves at a time, in some hundred kilobytes. */
const MAX_RECENT_KEYS = 1_000;

type Verified = Extract<Verdict, { ok: true }>;

/** By the hash of the key, oldest first. */
const recent = new Map<string, { verdict: Verified; at: number }>();

/** How often keys were forgotten: a verification that began before that may have read what is no longer so. */
let forgotten = 0;

/** As verifyApiKey, without a query where this isolate has verified the key a moment ago. */
export async function verifyRecentKey(db: Database, presented: string, now: Date): Promise<Verdict> {
  const hash = await hashText(presented);
  const known = recent.get(hash);
  if (known && isRecent(known, now)) return known.verdict;
  recent.delete(hash);
  const begun = forgotten;
  const verdict = await verifyApiKey(db, presented, now);
  if (!verdict.ok || begun !== forgotten) return verdict;
  // Whoever gets this verdict notes the use; those who get the kept one need not.
  const kept = isLastUsedStale(verdict.lastUsedAt, now) ? { ...verdict, lastUsedAt: now } : verdict;
  recent.set(hash, { verdict: kept, at: now.getTime() });
  for (const oldest of recent.keys()) {
    if (recent.size <= MAX_RECENT_KEYS) break;
    recent.delete(oldest);
  }
  return verdict;
}

/** Forgets a key in this isolate: it was revoked or switched off here. */
export function forgetRecentKey(keyId: string): void {
  forget((caller) => caller.keyId === keyId);
}

/** Forgets all keys of an organization in this isolate: some were deleted here, or what they say of their callers changed. */
export function forgetRecentKeysOf(organizationId: string): void {
  forget((caller) => caller.organizationId === organizationId);
}

function forget(isMeant: (caller: Caller) => boolean): void {
  forgotten += 1;
  for (const [hash, { verdict }] of recent) if (isMeant(verdict.caller)) recent.delete(hash);
}

/** The clock may go back: what seems to be of the future is not recent. */
function isRecent({ verdict, at }: { verdict: Verified; at: number }, now: Date): boolean {
  const age = now.getTime() - at;
  return age >= 0 && age < RECENT_KEY_MS && (verdict.expiresAt === null || verdict.expiresAt > now);
}
