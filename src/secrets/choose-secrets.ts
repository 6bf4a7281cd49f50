import type { Caller } from "../auth/caller.ts";
import { grants } from "../auth/scopes.ts";
import type { Database } from "../db/client.ts";
import { ApiError } from "../http/errors/error-table.ts";
import { type SealedSecret, takeSecrets } from "./secret-store.ts";

/**
 * The secrets that `secret_ids` means, for who may use them: whoever runs commands in an environment can read what it has.
 * Throws `scope_missing` for a key without `secret:read`, and `invalid_request` as `takeSecrets` does.
 */
export async function chooseSecrets(db: Database, caller: Caller, wanted: readonly string[]): Promise<SealedSecret[]> {
  if (wanted.length === 0) return [];
  if (!grants(caller.scopes, "secret:read")) {
    throw new ApiError("scope_missing", "API key missing required scope: secret:read, for secret_ids.");
  }
  return await takeSecrets(db, caller.organizationId, wanted);
}
