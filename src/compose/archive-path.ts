/** `path` from `folder`, as archives spell it; undefined when it is absolute, a URL, or leads out of the archive. */
export function resolveInside(folder: string, path: string): string | undefined {
  if (path.startsWith("/") || path.startsWith("~") || /^[a-z]+:|^[^/]+@|^github\.com\//i.test(path)) return undefined;
  const segments = folder === "" ? [] : folder.split("/");
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments.join("/");
}
