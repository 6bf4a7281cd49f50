import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import type { Progress } from "../output/progress.ts";

/** Writes the body of an answer to standard output, no faster than it is read there. */
export async function pourBody({ body }: Response, signal: AbortSignal): Promise<void> {
  if (!body) return;
  for await (const chunk of body) {
    if (!process.stdout.write(chunk)) await once(process.stdout, "drain", { signal });
  }
}

/** Writes the body of an answer to a file, whole or not at all. */
export async function saveBody(
  { body }: Response,
  file: string,
  { signal, progress }: { signal: AbortSignal; progress?: Progress | undefined },
): Promise<number> {
  const part = `${file}.part`;
  let size = 0;
  const counted = async function* () {
    for await (const chunk of body ?? []) {
      size += chunk.byteLength;
      progress?.at(size);
      yield chunk;
    }
  };
  try {
    await pipeline(counted(), createWriteStream(part), { signal });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return size;
}
