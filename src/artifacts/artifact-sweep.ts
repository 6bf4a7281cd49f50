import { connect } from "../db/client.ts";
import { forgetFiles, listExpired } from "./file-store.ts";

/** Batches of a thousand files that one run of the sweep takes; the next one goes on. */
const MAX_BATCHES = 10;

/**
 * Removes what has expired: artifacts past their retention, and files that were prepared or staged and that nobody took.
 * The bytes go before the row, so that one that breaks off is gone on with. Answers how many files are gone.
 */
export async function sweepFiles(env: Pick<Cloudflare.Env, "DB" | "ARTIFACTS">, now: Date): Promise<number> {
  const db = connect(env.DB);
  let removed = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const expired = await listExpired(db, now.getTime() * 1000);
    if (expired.length === 0) break;
    await env.ARTIFACTS.delete(expired.map(({ storagePath }) => storagePath));
    await forgetFiles(
      db,
      expired.map(({ number }) => number),
    );
    removed += expired.length;
  }
  return removed;
}
