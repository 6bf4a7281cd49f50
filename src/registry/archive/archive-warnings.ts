import type { StoredProblem } from "../../db/schema.ts";
import type { ArchiveFiles } from "./archive-files.ts";

/** Task files that a warning names. */
const MAX_NAMED = 3;

/** Names under which people look for the task's description and find nothing: task.yaml in another spelling. */
const isTaskFile = (path: string) => /(?:^|\/)task\.ya?ml$/i.test(path);

/** What to say of an archive whose paths begin below a folder that was taken away. */
export function findRootWarnings({ root }: ArchiveFiles): StoredProblem[] {
  if (root === "") return [];
  const folder = JSON.stringify(root);
  const msg = `All files lie in ${folder}, which is taken away: paths begin in it. Publish with strip=false to keep it.`;
  return [{ loc: ["archive", root], msg, type: "folder_stripped" }];
}

/** Why an archive without a task.yaml at its root may be one by mistake: the version says nothing of its task. */
export function findTaskFileWarnings(files: ArchiveFiles): StoredProblem[] {
  const found = files.list(isTaskFile, MAX_NAMED);
  return found.map((path) => {
    const msg = path.includes("/")
      ? `${JSON.stringify(path)} is not at the archive's root, so it is not read and nothing is withheld for it. Pack the files, not the folder that holds them.`
      : `${JSON.stringify(path)} is not read: the file is called task.yaml. Rename it.`;
    return { loc: ["archive", path], msg, type: "task_file_misplaced" };
  });
}

/** Bytes of a name that Linux takes. */
const NAME_MAX_BYTES = 255;

const encoder = new TextEncoder();

const isTooLong = (path: string) => path.split("/").some((name) => encoder.encode(name).byteLength > NAME_MAX_BYTES);

/** Paths that can be read here and not be unpacked by a runner. */
export function findNameWarnings(files: ArchiveFiles): StoredProblem[] {
  return files.list(isTooLong, MAX_NAMED).map((path) => {
    const msg = `has a name above ${NAME_MAX_BYTES} bytes: runners cannot unpack it. Shorten it.`;
    return { loc: ["archive", path], msg, type: "path_too_long" };
  });
}
