import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { UploadState } from "../../client/index.ts";
import { stateFolder } from "./settings.ts";

/**
 * Uploads that were begun, a file each, so that they go on after this program was killed. They name an upload and hold no
 * secret: whoever goes on with one needs a key.
 */
const fileOf = (key: string) =>
  path.join(stateFolder(), "uploads", `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`);

/** Keeps an upload at once: the program may be killed in the next moment. */
export function keepUpload(key: string, state: UploadState): void {
  const file = fileOf(key);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.${process.pid}.new`, file);
}

/** The upload of the same bytes to the same place that was begun earlier, if there is one. */
export async function readUpload(key: string): Promise<UploadState | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(fileOf(key), "utf8"));
    return isState(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

export async function forgetUpload(key: string): Promise<void> {
  await rm(fileOf(key), { force: true });
}

function isState(value: unknown): value is UploadState {
  return (
    typeof value === "object" &&
    value !== null &&
    "uploadId" in value &&
    typeof value.uploadId === "string" &&
    "size" in value &&
    typeof value.size === "number"
  );
}
