import { access, mkdir, mkdtemp, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { downloadTaskArchive, getTaskVersion } from "../../client/index.ts";
import { fileSource } from "../../runner/environment/file-source.ts";
import { ArchiveRefused, unpackArchive } from "../../runner/environment/unpack.ts";
import { DEFAULT_CHECK_LIMITS } from "../../zip/check/check-limits.ts";
import { saveBody } from "../base/bodies.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Failure, usageFailure } from "../base/failure.ts";
import { readReference } from "../base/words.ts";

interface PullOptions extends CommonOptions {
  output?: string | undefined;
  zip?: true | undefined;
}

/** `taskyard task pull` */
export async function run(context: Context, task: string, options: PullOptions): Promise<void> {
  const { out, signal } = context;
  const { client, org: own } = await context.session();
  const { org = own, name, version: asked = "latest" } = readReference(task);
  const detail = await getTaskVersion(client, { path: { org, name, version: asked }, signal });
  const { version, file_size: size } = detail;
  const target = path.resolve(options.output ?? (options.zip ? `${name}-${version}.zip` : name));
  if (!options.zip) await requireRoom(target);
  context.whenInterrupted("Nothing was written.");
  const work = await mkdtemp(path.join(path.dirname(target), ".taskyard-pull-"));
  try {
    const archive = path.join(work, "task.zip");
    const answer = await downloadTaskArchive(client, { path: { org, name, version }, signal });
    const progress = out.progress("Downloading", size);
    await saveBody(answer, archive, { signal, progress }).finally(() => progress.end());
    if (options.zip) {
      await rename(archive, target);
    } else {
      const folder = path.join(work, "task");
      await mkdir(folder);
      await unpack(archive, size, folder, decodeURIComponent(answer.headers.get("X-Archive-Root") ?? ""));
      if (await isThere(target)) await rmdir(target);
      await rename(folder, target);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  out.result(
    { org, name, version, sha256: detail.sha256, path: target },
    () => `${org}/${name}@${version} is in ${path.relative(process.cwd(), target) || "."}`,
    () => target,
  );
}

/** Nothing that is there is ever overwritten. */
async function requireRoom(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  });
  if (there.length > 0) throw usageFailure(`${folder} is not empty.`, "Name another folder: --output FOLDER");
}

async function isThere(folder: string): Promise<boolean> {
  return await access(folder).then(
    () => true,
    () => false,
  );
}

async function unpack(archive: string, size: number, folder: string, root: string): Promise<void> {
  const file = await open(archive);
  try {
    await unpackArchive(fileSource(file, size), folder, { limits: DEFAULT_CHECK_LIMITS, root, withheldPaths: [] });
  } catch (error) {
    if (!(error instanceof ArchiveRefused)) throw error;
    throw new Failure(EXIT.failure, `The archive is not unpacked: ${error.message}`, "--zip keeps it as it is.");
  } finally {
    await file.close();
  }
}
