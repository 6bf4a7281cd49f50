import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { apiKeys } from "../../src/db/schema.ts";
import { callConfigured } from "../configured.ts";
import { createTenant } from "../tenant.ts";
import { read, type WireKey } from "./answers.ts";

test("last_used_at is written when it is a minute old, not before", async () => {
  const { adminKey, org } = await createTenant();
  const db = connect(env.DB);
  const lookup = adminKey.slice(3, 27);
  /** One request, its background work included; the instant on record before it as the answer tells, and after. */
  const use = async () => {
    const headers = { Authorization: `Bearer ${adminKey}` };
    // An operation of administration: it looks the key up, where others take what was verified a moment ago.
    const path = `/api/v1/org/${org}/api-keys`;
    const { api_keys } = await read<{ api_keys: WireKey[] }>(callConfigured({}, path, { headers }));
    const [row] = await db.select({ at: apiKeys.lastUsedAt }).from(apiKeys).where(eq(apiKeys.lookup, lookup));
    return { told: api_keys[0]?.last_used_at, written: row?.at?.getTime() ?? 0 };
  };
  const setAge = (milliseconds: number) =>
    db
      .update(apiKeys)
      .set({ lastUsedAt: new Date(Date.now() - milliseconds) })
      .where(eq(apiKeys.lookup, lookup))
      .returning({ at: apiKeys.lastUsedAt });

  const before = Date.now();
  expect((await use()).written).toBeGreaterThanOrEqual(before);

  const [recent] = await setAge(30_000);
  const second = await use();
  expect(second.written).toBe(recent?.at?.getTime());
  expect(second.told).toBe(recent?.at?.toISOString());

  await setAge(61_000);
  expect((await use()).written).toBeGreaterThanOrEqual(before);
});
