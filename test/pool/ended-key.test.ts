import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { expect, test } from "vitest";
import { lookupOf } from "../../src/auth/api-keys.ts";
import { connect as connectDatabase } from "../../src/db/client.ts";
import { apiKeys } from "../../src/db/schema.ts";
import { inTime } from "../stream/event-client.ts";
import { createTenant } from "../tenant.ts";
import { connect } from "./runner-client.ts";

test("a runner's connection ends within 10 seconds of its key's revocation", async () => {
  const tenant = await createTenant();
  const key = await tenant.makeKey(["runner"]);
  const { webSocket } = await connect(tenant, key);
  if (!webSocket) throw new Error("No WebSocket");
  webSocket.accept();
  const closed = new Promise<number>((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code)));
  await connectDatabase(env.DB)
    .update(apiKeys)
    .set({ revokedAt: new Date() })
    .where(eq(apiKeys.lookup, lookupOf(key) ?? ""));
  expect(await inTime(closed, "the close of the runner")).toBe(4004);
});
