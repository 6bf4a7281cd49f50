import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { ENGINE_KINDS } from "./engine/engine.ts";
import { askEngine } from "./engine/find-engine.ts";
import { removeImages, removeLeftContainers } from "./engine/sweep.ts";
import { OptionsRefused } from "./options.ts";
import { removeLeftFolders } from "./work-folder.ts";
import type { Say } from "./connection/held-work.ts";

/** The word in place of options that does this and nothing else. */
export const PRUNE = "prune";

/**
 * Removes what runners of this machine have left that are dead: folders, processes, containers and networks; and all images
 * that were made for tasks and that no container uses. What live runners have stays. Throws OptionsRefused.
 */
export async function prune(args: string[], say: Say): Promise<void> {
  await removeLeftFolders(readFolder(args), say);
  for (const kind of ENGINE_KINDS) {
    const found = await askEngine(kind);
    if (!found.ok) {
      say(`nothing of ${kind}: ${found.reason.split("\n", 1)[0]}`);
      continue;
    }
    const engineSays = (line: string) => say(`${kind}: ${line}`);
    await removeLeftContainers(found.engine, engineSays);
    await removeImages(found.engine, engineSays);
  }
}

function readFolder(args: string[]): string {
  try {
    const { values } = parseArgs({ args, options: { "work-folder": { type: "string" } } });
    return values["work-folder"] ?? process.env["TASKYARD_RUNNER_WORK_FOLDER"] ?? tmpdir();
  } catch (error) {
    throw new OptionsRefused(error instanceof Error ? error.message : String(error));
  }
}
