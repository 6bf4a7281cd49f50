import { readFileSync } from "node:fs";
import path from "node:path";

/** Put in its place when the program is built (scripts/build-cli.ts). */
declare const TASKYARD_VERSION: string | undefined;

/** The version of this package. */
export function version(): string {
  if (typeof TASKYARD_VERSION === "string") return TASKYARD_VERSION;
  const manifest: Record<string, unknown> = JSON.parse(
    readFileSync(path.join(import.meta.dirname, "../../package.json"), "utf8"),
  );
  return String(manifest["version"]);
}
