import { type AppContext, callerOf, databaseOf } from "../../http/context.ts";
import { ApiError } from "../../http/errors/error-table.ts";
import { logFailure } from "../../http/request-log.ts";
import type { ZipSource } from "../../zip/read/source.ts";
import { ArchiveGoneError, archiveSource } from "../archive/archive-source.ts";
import { withCachedDirectory } from "./cached-directory.ts";
import { canSeeWithheld, requireFound } from "./read-access.ts";
import {
  type ArchiveColumns,
  type ArchiveRow,
  findArchive,
  type TaskReference,
  type VersionReference,
} from "./published-store.ts";

/** What belongs to one version never changes; after an hour a client asks whether the version is still there. */
const PINNED = "private, max-age=3600";
/** What `latest` means can change at any time: a kept copy is good after asking. */
const UNPINNED = "private, no-cache";

/** A version whose archive this caller may read, and how answers made of it are dated and kept. */
export interface ReadableArchive extends Omit<ArchiveRow, "version"> {
  version: ArchiveColumns;
  /** Paths that this caller does not read. */
  withheldPaths: readonly string[];
  /** When what this URL shows may last have changed. */
  lastModified: Date;
  cacheControl: string;
  /** Headers of every answer made of it. */
  headers: { "X-Task-Version": string };
}

/** Looks the version up for the caller, in one query; 404 when there is none. */
export async function requireArchive(
  c: AppContext,
  task: TaskReference,
  reference: VersionReference,
): Promise<ReadableArchive> {
  const caller = callerOf(c);
  const row = requireFound(await findArchive(databaseOf(c), caller, task, reference), task, reference);
  const pinned = !("version" in reference && reference.version === "latest");
  const { createdAt } = row.version;
  const { updatedAt } = row.task;
  return {
    ...row,
    withheldPaths: canSeeWithheld(caller, row.organization) ? [] : row.version.withheldPaths,
    lastModified: pinned || updatedAt < createdAt ? createdAt : updatedAt,
    cacheControl: pinned ? PINNED : UNPINNED,
    headers: { "X-Task-Version": row.version.version },
  };
}

/** The archive's bytes; the directory comes out of the cache when it can. `waitUntil` keeps what is put into it alive. */
export function openVersion(
  env: Pick<Cloudflare.Env, "ARCHIVES">,
  version: ArchiveColumns,
  waitUntil: (work: Promise<unknown>) => void,
): ZipSource {
  const { archiveKey, fileSize, archiveEtag } = version;
  return withCachedDirectory(archiveSource(env.ARCHIVES, archiveKey, fileSize, archiveEtag), version, waitUntil);
}

/** The same for a request. */
export function openArchive(c: AppContext, version: ArchiveColumns): ZipSource {
  return openVersion(c.env, version, (work) => c.executionCtx.waitUntil(work));
}

/** Turns an archive that vanished between the look-up and the read (its version was deleted) into 404; `report` is told. */
export async function unlessGone<T>(reading: Promise<T>, report: (error: unknown) => void): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ArchiveGoneError)) throw error;
    report(error);
    throw new ApiError("not_found", "The archive of this version is no longer stored.");
  }
}

/** The same for a request. */
export function whileThere<T>(c: AppContext, reading: Promise<T>): Promise<T> {
  return unlessGone(reading, (error) => logFailure(c, error));
}
