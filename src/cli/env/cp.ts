import { openAsBlob } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import {
  listEnvironmentFiles,
  NotFoundError,
  readEnvironmentFile,
  type Taskyard,
  uploadFile,
} from "../../client/index.ts";
import { saveBody } from "../base/bodies.ts";
import type { CommonOptions, Context } from "../base/context.ts";
import { requireEnvironment } from "../base/environment-tokens.ts";
import { EXIT, Failure, usageFailure } from "../base/failure.ts";
import { formatBytes, plural } from "../output/units.ts";
import { listFolder } from "../packing/walk.ts";

/** An environment with what opens it. */
interface Remote {
  client: Taskyard;
  at: { environment_id: string };
  headers: { "X-Environment-Token": string };
}

/** A file that is to be copied: where it is, and where it goes. */
interface Copy {
  from: string;
  to: string;
  size: number;
}

/** `taskyard env cp` */
export async function run(context: Context, from: string, to: string, _options: CommonOptions): Promise<void> {
  const source = readPlace(from);
  const target = readPlace(to);
  if (source.environment !== undefined && target.environment === undefined) return await download(context, source, to);
  if (source.environment === undefined && target.environment !== undefined) return await upload(context, from, target);
  throw usageFailure(
    "One of the two is in an environment.",
    "Write it as ENVIRONMENT:PATH, such as latest:/tmp/answer.",
  );
}

/** `ENVIRONMENT:PATH`, or a path of this machine. */
function readPlace(text: string): { environment: string | undefined; path: string } {
  const [, environment, rest = ""] = /^([\w-]+):(.*)$/s.exec(text) ?? [];
  return environment === undefined ? { environment: undefined, path: text } : { environment, path: rest };
}

async function openRemote({ session }: Context, reference: string | undefined): Promise<Remote> {
  const { client, url } = await session();
  const { id, token } = await requireEnvironment(reference ?? "", url);
  return { client, at: { environment_id: id }, headers: { "X-Environment-Token": token } };
}

/** Absolute, as the API wants it: without the first slash. Relative paths begin where commands do. */
function remotePath(text: string): string {
  return path.posix.resolve("/task", text).slice(1);
}

async function upload(
  context: Context,
  from: string,
  target: { environment: string | undefined; path: string },
): Promise<void> {
  const remote = await openRemote(context, target.environment);
  const isFolder = (await stat(from)).isDirectory();
  const isInto = target.path === "" || target.path.endsWith("/") || target.path.endsWith("/.");
  const base = isInto
    ? `${target.path}${target.path === "" ? "" : "/"}${path.basename(path.resolve(from))}`
    : target.path;
  const copies: Copy[] = isFolder
    ? (await listFolder(from)).files.map((file) => ({
        from: file.place,
        to: remotePath(`${base}/${file.path}`),
        size: file.size,
      }))
    : [{ from, to: remotePath(base), size: (await stat(from)).size }];
  await copyAll(context, copies, "Uploading", async (copy, onBytes) => {
    await uploadFile(remote.client, {
      path: { ...remote.at, path: `/${copy.to}` },
      token: remote.headers["X-Environment-Token"],
      source: await openAsBlob(copy.from),
      onProgress: ({ sent }) => onBytes(sent),
      signal: context.signal,
    });
  });
}

async function download(
  context: Context,
  source: { environment: string | undefined; path: string },
  to: string,
): Promise<void> {
  const remote = await openRemote(context, source.environment);
  const from = remotePath(source.path);
  const target = (await isFolder(to)) ? path.join(to, path.posix.basename(from)) : to;
  const copies = await listRemote(remote, from, target, context.signal);
  await copyAll(context, copies, "Downloading", async (copy) => {
    await mkdir(path.dirname(copy.to), { recursive: true });
    const answer = await readEnvironmentFile(remote.client, {
      path: { ...remote.at, path: copy.from },
      headers: remote.headers,
      signal: context.signal,
    });
    await saveBody(answer, copy.to, { signal: context.signal });
  });
}

/** The files below a path, or the file itself. */
async function listRemote(remote: Remote, from: string, target: string, signal: AbortSignal): Promise<Copy[]> {
  const { client, at, headers } = remote;
  let listed: Awaited<ReturnType<typeof listEnvironmentFiles>>;
  try {
    listed = await listEnvironmentFiles(client, { path: at, headers, query: { path: `/${from}`, depth: 1 }, signal });
  } catch (error) {
    if (error instanceof NotFoundError) throw error;
    return [{ from, to: target, size: 0 }];
  }
  if (listed.has_more)
    throw new Failure(
      EXIT.refused,
      `/${from} has more than a thousand entries.`,
      "Pack it there first: tar -cf /tmp/all.tar …",
    );
  const copies: Copy[] = [];
  for (const { path: place, type, size } of listed.files) {
    const below = place.replace(/^\//, "");
    const local = path.join(target, path.posix.basename(below));
    if (type === "directory") copies.push(...(await listRemote(remote, below, local, signal)));
    else copies.push({ from: below, to: local, size: size ?? 0 });
  }
  return copies;
}

async function copyAll(
  context: Context,
  copies: readonly Copy[],
  label: string,
  copy: (one: Copy, onBytes: (bytes: number) => void) => Promise<void>,
): Promise<void> {
  const { out } = context;
  const total = copies.reduce((sum, { size }) => sum + size, 0);
  const progress = out.progress(label, total);
  let done = 0;
  let files = 0;
  try {
    for (const one of copies) {
      context.signal.throwIfAborted();
      context.whenInterrupted(`${files} of ${copies.length} files were copied whole, none of the others.`);
      await copy(one, (bytes) => progress.at(done + bytes));
      progress.at((done += one.size));
      files += 1;
    }
  } finally {
    progress.end();
  }
  const text = `${out.paint("green", "✓")} ${plural(files, "file")}, ${formatBytes(total)}`;
  out.result(
    copies,
    () => text,
    () => copies.map(({ to }) => to).join("\n"),
  );
}

async function isFolder(place: string): Promise<boolean> {
  return await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
