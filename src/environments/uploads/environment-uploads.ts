import { FileError, type FileStatus, type SandboxFiles } from "../../sandbox/port.ts";
import { type Upload, UploadLog } from "./upload-log.ts";

/** Uploads of one environment that are not over, at the same time. */
const MAX_UPLOADS = 20;
/** Missing parts that one answer names. */
const NAMED_PARTS = 20;
/** How long after a failure to take an abandoned upload away it is tried again, in milliseconds. */
const RETRY_MS = 60_000;

/** An upload with the numbers of the parts that have arrived. */
export interface KnownUpload extends Upload {
  received: number[];
}

/** How many parts an upload has. */
export function countParts({ size, partSize }: Pick<Upload, "size" | "partSize">): number {
  return Math.max(1, Math.ceil(size / partSize));
}

/** Bytes of a part, numbered from 1. */
function sizeOfPart(upload: Upload, number: number): number {
  return Math.min(upload.partSize, upload.size - (number - 1) * upload.partSize);
}

/**
 * Files that come into an environment in parts: which of them are there is stored here, their bytes go to the sandbox as
 * they come. All of it can be taken up again after clients, the server or the machine's connection were gone. Throws
 * FileError for what cannot be done.
 */
export class EnvironmentUploads {
  readonly #log: UploadLog;
  readonly #files: () => SandboxFiles;
  readonly #wakeAt: (time: number) => Promise<void>;
  /** Parts that are being written, `id/number`, and uploads that are being put in place. */
  readonly #writing = new Set<string>();
  readonly #completing = new Map<string, Promise<FileStatus>>();

  /** `wakeAt` has `sweep` called at about that time (milliseconds since 1970). */
  constructor(sql: SqlStorage, files: () => SandboxFiles, wakeAt: (time: number) => Promise<void>) {
    this.#log = new UploadLog(sql);
    this.#files = files;
    this.#wakeAt = wakeAt;
  }

  /** Begins an upload, once the sandbox has made room for it. */
  async begin(upload: Upload): Promise<KnownUpload> {
    if (this.#log.list().filter(({ result }) => result === null).length >= MAX_UPLOADS) {
      throw new FileError(
        "conflict",
        `An environment has at most ${MAX_UPLOADS} uploads at once: complete or abort one.`,
      );
    }
    this.#log.add(upload);
    await this.#wakeAtNext();
    try {
      await this.#files().parted.begin(upload);
    } catch (error) {
      this.#log.remove(upload.id);
      throw error;
    }
    return { ...upload, received: [] };
  }

  read(id: string): KnownUpload {
    return { ...this.#require(id), received: this.#log.parts(id) };
  }

  list(): KnownUpload[] {
    return this.#log.list().map((upload) => ({ ...upload, received: this.#log.parts(upload.id) }));
  }

  /** Writes a part; one that is there is replaced. */
  async writePart(id: string, number: number, body: ReadableStream<Uint8Array>, size: number): Promise<void> {
    const upload = this.#require(id);
    if (upload.result || this.#completing.has(id)) throw new FileError("conflict", "The upload is complete.");
    if (number > countParts(upload)) {
      throw new FileError("wrong_content", `The upload has ${countParts(upload)} parts, and no part ${number}.`);
    }
    const wanted = sizeOfPart(upload, number);
    if (size !== wanted) {
      throw new FileError("wrong_content", `Part ${number} has ${size} bytes, and has to have ${wanted}.`);
    }
    const key = `${id}/${number}`;
    if (this.#writing.has(key)) throw new FileError("conflict", `Part ${number} is being written: send it again soon.`);
    this.#writing.add(key);
    try {
      this.#log.removePart(id, number);
      await this.#files().parted.write(upload, (number - 1) * upload.partSize, body, size);
      this.#log.addPart(id, number);
    } finally {
      this.#writing.delete(key);
    }
  }

  /** Puts the file in place when all parts are there; asked again, it answers the same. */
  async complete(id: string): Promise<FileStatus> {
    const upload = this.#require(id);
    if (upload.result) return upload.result;
    const missing = this.#missing(upload);
    if (missing.length > 0) {
      const more = missing.length > NAMED_PARTS ? ` and ${missing.length - NAMED_PARTS} more` : "";
      throw new FileError("conflict", `Parts are missing: ${missing.slice(0, NAMED_PARTS).join(", ")}${more}.`);
    }
    const known = this.#completing.get(id);
    const completing = known ?? this.#finish(upload);
    this.#completing.set(id, completing);
    try {
      return await completing;
    } finally {
      this.#completing.delete(id);
    }
  }

  /** Takes away what has come. */
  async abort(id: string): Promise<void> {
    const upload = this.#require(id);
    if (this.#completing.has(id)) throw new FileError("conflict", "The upload is being completed.");
    if (!upload.result) await this.#files().parted.abort(upload);
    this.#log.remove(id);
  }

  /** Takes away what was abandoned. */
  async sweep(now: number): Promise<void> {
    for (const upload of this.#log.expired(now)) {
      try {
        if (!upload.result) await this.#files().parted.abort(upload);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        return this.#wakeAt(now + RETRY_MS);
      }
      this.#log.remove(upload.id);
    }
    await this.#wakeAtNext();
  }

  /** Forgets all of them: their sandbox goes, and what has come with it. */
  clear(): void {
    this.#log.clear();
  }

  async #finish(upload: Upload): Promise<FileStatus> {
    const result = await this.#files().parted.complete(upload);
    this.#log.complete(upload.id, result);
    return result;
  }

  #missing(upload: Upload): number[] {
    const received = new Set(this.#log.parts(upload.id));
    return Array.from({ length: countParts(upload) }, (_, index) => index + 1).filter(
      (number) => sizeOfPart(upload, number) > 0 && !received.has(number),
    );
  }

  #require(id: string): Upload {
    const upload = this.#log.find(id);
    if (!upload) throw new FileError("not_found", "There is no such upload, or its time was up.");
    return upload;
  }

  async #wakeAtNext(): Promise<void> {
    const next = this.#log.nextExpiry;
    if (next !== undefined) await this.#wakeAt(next);
  }
}
