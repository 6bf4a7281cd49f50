import { chmod, mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Say } from "./connection/held-work.ts";
import { identifyProcess } from "./process/process-identity.ts";
import { endProcessesOf } from "./process/leftovers.ts";
import { removeFolder } from "./process/remove-folder.ts";

const PREFIX = "taskyard-runner-";

/** Names the runner that a work folder belongs to: its process id, and when that process was started. */
const OWNER_FILE = "runner";

/** Users of other sandboxes pass through and do not look. */
const PASSAGE = 0o711;

/** Makes the folder of this runner below `parent`, in which each piece of work gets its own. */
export async function makeWorkFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(path.join(parent, PREFIX));
  await chmod(folder, PASSAGE);
  await writeFile(path.join(folder, OWNER_FILE), await identifyProcess(process.pid));
  return folder;
}

/**
 * Removes the folders below `parent` of runners that were killed, with the processes that their work has left. Those of
 * live runners, of other users, and those without an owner's file stay.
 */
export async function removeLeftFolders(parent: string, say: Say): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  for (const folder of names.map((name) => path.join(parent, name))) {
    if (!(await isAbandoned(folder))) continue;
    const processes = await endProcessesOf(folder);
    await removeFolder(folder, say);
    say(`removed what a killed runner had left: ${folder}${processes > 0 ? `, and ${processes} processes` : ""}`);
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  const owner = await readFile(path.join(folder, OWNER_FILE), "utf8").catch(() => undefined);
  const facts = await stat(folder).catch(() => undefined);
  if (owner === undefined || facts === undefined || facts.uid !== process.getuid?.()) return false;
  return owner !== (await identifyProcess(Number(owner.split(" ")[0])).catch(() => undefined));
}
