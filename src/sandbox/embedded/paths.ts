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
