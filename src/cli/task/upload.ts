import { openAsBlob } from "node:fs";
import type { PublishedTask, TaskDetail } from "../../client/index.ts";
import { uploadArchive } from "../../client/index.ts";
import type { Context } from "../base/context.ts";
import type { Session } from "../base/session.ts";
import { forgetUpload, keepUpload, readUpload } from "../base/kept-uploads.ts";
import { safeLine } from "../output/safe-text.ts";
import type { PackedArchive } from "../packing/pack.ts";
import type { TaskIdentity } from "./identify.ts";

/**
 * Sends an archive and waits until it is a version, in parts where it is large; shows how far that is. An upload that was
 * broken off goes on where it was, also in another process.
 */
export async function uploadTask(
  { out, signal }: Context,
  { client, url, org }: Session,
  { name, version }: TaskIdentity,
  { file, size, sha256 }: PackedArchive,
): Promise<TaskDetail | PublishedTask> {
  const key = `${url} ${org}/${name}@${version} ${sha256}`;
  const progress = out.progress("Uploading", size);
  try {
    const published = await uploadArchive(client, {
      path: { org, name, version },
      source: await openAsBlob(file),
      sha256,
      state: await readUpload(key),
      onState: (state) => keepUpload(key, state),
      onProgress: ({ sent }) => progress.at(sent),
      signal,
    });
    await forgetUpload(key);
    return published;
  } finally {
    progress.end();
  }
}

/** Says what the server has to say of a task's files; `but` are types of warnings that are left out. */
export function warnOf({ out }: Context, published: TaskDetail | PublishedTask, but: readonly string[] = []): void {
  if (!("warnings" in published)) return;
  for (const { loc, msg, type } of published.warnings) {
    if (!but.includes(type)) out.warn(safeLine(`${loc.slice(1).join(".")}: ${msg}`));
  }
}
