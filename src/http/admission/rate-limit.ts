import { type AppContext, configOf } from "../context.ts";
import { ApiError } from "../errors/error-table.ts";

/** Counts a request under `key` and refuses it with 429 and Retry-After (seconds) when the limit is used up. */
export async function limitRate(c: AppContext, key: string): Promise<void> {
  const { success } = await c.env.RATE_LIMIT.limit({ key });
  if (success) return;
  const wait = configOf(c).RATE_LIMIT_PERIOD_SECONDS;
  throw new ApiError("rate_limited", `Request was throttled. Expected available in ${wait} seconds.`, {
    headers: { "Retry-After": String(wait) },
  });
}

/** The address that a request comes from, to count requests without a valid key by; `local` under `wrangler dev`. */
export function addressOf(c: AppContext): string {
  return c.req.header("cf-connecting-ip") ?? "local";
}
