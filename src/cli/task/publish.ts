import { copyFile } from "node:fs/promises";
import { getTaskVersion, NotFoundError, updateTaskVisibility } from "../../client/index.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { EXIT, Failure } from "../base/failure.ts";
import type { Session } from "../base/session.ts";
import { formatBytes } from "../output/units.ts";
import { listFolder } from "../packing/walk.ts";
import { identifyTask, type TaskIdentity } from "./identify.ts";
import { describeFiles, packTask } from "./pack-folder.ts";
import { uploadTask, warnOf } from "./upload.ts";

interface PublishOptions extends CommonOptions {
  name?: string | undefined;
  taskVersion?: string | undefined;
  public?: true | undefined;
  dryRun?: true | undefined;
  output?: string | undefined;
}

/** `taskyard task publish` */
export async function run(context: Context, folder: string, options: PublishOptions): Promise<void> {
  const { out, signal } = context;
  const identity = await identifyTask(folder, { name: options.name, version: options.taskVersion });
  const listing = await listFolder(folder);
  const reference = `${identity.name}@${identity.version}`;
  out.note(`${reference}\n${describeFiles(listing)}`);
  context.whenInterrupted("Nothing was published.");
  const archive = await packTask(context, listing);
  try {
    if (options.output !== undefined) await copyFile(archive.file, options.output);
    if (options.dryRun) return showDryRun(context, identity, archive);
    const session = await context.session();
    const there = await findVersion(session, identity, signal);
    if (there && there.sha256 !== archive.sha256) throw isOther(reference, identity);
    context.whenInterrupted("The version is not published. Run the command again: what has arrived is not sent again.");
    const published = there ?? (await uploadTask(context, session, identity, archive));
    warnOf(context, published);
    context.whenInterrupted("The version is published, and private.");
    const detail = options.public && !published.is_public ? await makePublic(session, published, signal) : published;
    const how = there ? "was published already, with these very bytes" : "is published";
    out.result(
      detail,
      () =>
        `${out.paint("green", "✓")} ${session.org}/${reference} ${how}${detail.is_public ? ", for everybody" : ""}: ${formatBytes(archive.size)}, sha256 ${archive.sha256}`,
      () => `${session.org}/${reference}`,
    );
    out.next(`taskyard env create ${identity.name}`);
  } finally {
    await archive.dispose();
  }
}

function showDryRun(
  { out }: Context,
  { name, version }: TaskIdentity,
  { size, sha256 }: { size: number; sha256: string },
): void {
  out.result(
    { name, version, size, sha256 },
    () => `It would be ${formatBytes(size)}, sha256 ${sha256}. Nothing was sent.`,
    () => sha256,
  );
}

/** The version, where it is published. */
export async function findVersion({ client }: Session, { name, version }: TaskIdentity, signal: AbortSignal) {
  try {
    return await getTaskVersion(client, { path: { name, version }, signal });
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function isOther(reference: string, { manifest }: TaskIdentity): Failure {
  const hint =
    manifest === "task.yaml" ? "Raise `version` in task.yaml." : "Name the next one: --task-version MAJOR.MINOR.PATCH";
  return new Failure(EXIT.refused, `${reference} is published with other files, and versions never change.`, hint);
}

async function makePublic({ client }: Session, task: { name: string }, signal: AbortSignal) {
  return await updateTaskVisibility(client, { path: { name: task.name }, body: { is_public: true }, signal });
}
