/** `path` seen from `base`, absolute and without `.`, `..` and empty parts. */
export function resolvePath(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${base}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** The parts of an absolute path, root first. */
export function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

/** The path of `name` in a folder. */
export function joinPath(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/** What the shell itself puts there, such as /bin/ls and /dev/null: made anew for each command and never stored. */
const SYSTEM_FOLDERS = ["/bin", "/usr", "/dev", "/proc"];
/** The one folder below them where tasks have their files (A5, flags). */
const SHARED_MEMORY = "/dev/shm";

const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/** Whether a path is one of the shell's own: what is written there ends with the command. */
export function isSystem(path: string): boolean {
  return SYSTEM_FOLDERS.some((folder) => isBelow(path, folder)) && !isBelow(path, SHARED_MEMORY);
}
