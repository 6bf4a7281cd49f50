import type { Caller } from "../../auth/caller.ts";
import { connect } from "../../db/client.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { placeOf } from "../../registry/archive/archive-root.ts";
import { openVersion, unlessGone } from "../../registry/read/archive-reading.ts";
import { findArchive } from "../../registry/read/published-store.ts";
import { requireFound } from "../../registry/read/read-access.ts";
import { type FileEntry, readEntries } from "../../zip/read/entries.ts";
import { findEntry } from "../../zip/read/entry.ts";
import { openEntry } from "../../zip/read/entry-stream.ts";
import type { ZipSource } from "../../zip/read/source.ts";
import type { Machine } from "./check.ts";

/** For whom and with what a task is verified or solved: a request, or an object that works for somebody. */
export interface TaskContext {
  env: Cloudflare.Env;
  caller: Caller;
  waitUntil: (work: Promise<unknown>) => void;
}

/** A task's version as an environment names it. */
export interface PublishedTask {
  taskOrganizationKey: string;
  taskName: string;
  taskVersion: string;
}

/** Files of one folder, and their bytes, that are copied into a sandbox. */
const MAX_FILES = 1_000;
const MAX_BYTES = 64 * 1024 * 1024;
/** Files that are copied at the same time. */
const PARALLEL = 4;

const reportGone = (error: unknown) => logBackgroundFailure("readPublishedFiles", error);

/** The files of a task as they were published, the withheld ones too. Throws `not_found` where the version is gone. */
export class PublishedFiles {
  readonly #source: ZipSource;
  readonly #place: ReturnType<typeof placeOf>;

  private constructor(source: ZipSource, place: ReturnType<typeof placeOf>) {
    this.#source = source;
    this.#place = place;
  }

  static async open(context: TaskContext, published: PublishedTask): Promise<PublishedFiles> {
    const { env, caller, waitUntil } = context;
    const task = { org: published.taskOrganizationKey, name: published.taskName };
    const reference = { version: published.taskVersion };
    const { version } = requireFound(await findArchive(connect(env.DB), caller, task, reference), task, reference);
    return new PublishedFiles(openVersion(env, version, waitUntil), placeOf(version));
  }

  /** The text of a file; undefined where there is none, or where it has more than `maxBytes`. */
  async readText(name: string, maxBytes: number): Promise<string | undefined> {
    const entry = await unlessGone(findEntry(this.#source, this.#place, name), reportGone);
    if (!entry || entry.size > maxBytes) return undefined;
    return await new Response(await unlessGone(openEntry(this.#source, entry), reportGone)).text();
  }

  /** Copies what lies below a folder (`tests/`) to another one of the machine. Throws `invalid_request` for too much. */
  async copy(folder: string, machine: Machine, target: string): Promise<void> {
    const entries = await unlessGone(listFiles(readEntries(this.#source, this.#place), folder), reportGone);
    for (let start = 0; start < entries.length; start += PARALLEL) {
      const copied = entries.slice(start, start + PARALLEL).map(async (entry) => {
        const stream = await unlessGone(openEntry(this.#source, entry), reportGone);
        await machine.write(`${target}/${entry.name.slice(folder.length)}`, stream, entry.size);
      });
      await Promise.all(copied);
    }
  }
}

async function listFiles(windows: AsyncIterable<FileEntry[]>, folder: string): Promise<FileEntry[]> {
  const found: FileEntry[] = [];
  let bytes = 0;
  for await (const window of windows) {
    for (const entry of window) {
      if (!entry.name.startsWith(folder) || entry.name.endsWith("/")) continue;
      found.push(entry);
      bytes += entry.size;
    }
    if (found.length > MAX_FILES || bytes > MAX_BYTES) {
      const msg = `${folder} has more than ${MAX_FILES} files or ${MAX_BYTES} bytes, which are not copied into an environment.`;
      throw new ApiError("invalid_request", msg);
    }
  }
  return found;
}
