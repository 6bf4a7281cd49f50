import { openPool } from "../pool/pool-handle.ts";
import type { WaitingFor } from "../pool/wait.ts";
import type { EnvironmentRow } from "./object/environment-record.ts";

/** What each of these environments of one organization waits for; asks its pool, once, when any may wait for a runner. */
export async function waitsOf(
  env: Cloudflare.Env,
  organizationId: string,
  rows: readonly EnvironmentRow[],
): Promise<Record<string, WaitingFor>> {
  const waiting = rows.filter(({ provider, state }) => provider === "runner" && state === "provisioning");
  if (waiting.length === 0) return {};
  return await openPool(env, organizationId).waits(waiting.map(({ id }) => id));
}
