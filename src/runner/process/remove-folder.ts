import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import type { Say } from "../connection/held-work.ts";

/**
 * Removes a folder with all that is in it, also what a command has taken its own rights from. Never rejects: what cannot be
 * removed is said.
 */
export async function removeFolder(folder: string, say: Say): Promise<void> {
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await remove().catch(async () => {
      // It follows no links.
      await promisify(execFile)("chmod", ["-R", "u+rwX", folder]);
      await remove();
    });
  } catch (error) {
    say(`${folder} could not be removed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
