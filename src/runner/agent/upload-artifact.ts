import { randomUUID } from "node:crypto";
import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { ArtifactFile } from "./left-artifacts.ts";
import type { Server } from "../connection/server.ts";

/** Bytes of a file from which on it is posted as a form, straight from the disk. */
const FORM_MIN_BYTES = 4 * 1024 * 1024;
/** Bytes of smaller files that go together as JSON: in base64, and in memory, they are a third more. */
const BATCH_MAX_BYTES = 8 * 1024 * 1024;

const TYPE = "output";

/** Artifacts have no folders in their names: the whole path is in the metadata. */
function describeFile(name: string) {
  return { name, type: TYPE, ...(name.includes("/") && { metadata: { path: name } }) };
}

const prepared = z.object({
  artifacts: z.tuple([
    z.object({
      id: z.string(),
      storage_path: z.string(),
      presigned_post: z.object({ url: z.string(), fields: z.record(z.string(), z.string()) }),
    }),
  ]),
});

/** Uploads files as artifacts of a run, in their order (docs/artifacts.md). */
export class ArtifactUpload {
  readonly #server: Server;
  /** Of the run's artifacts. */
  readonly #path: string;
  readonly #signal: AbortSignal;
  #batch: object[] = [];
  #batchBytes = 0;

  constructor(server: Server, runPath: string, signal: AbortSignal) {
    this.#server = server;
    this.#path = `${runPath}/artifacts`;
    this.#signal = signal;
  }

  /** Throws RequestRefused where the server does not take one; those before it are uploaded then. */
  async run(files: readonly ArtifactFile[]): Promise<void> {
    for (const file of files) {
      if (this.#batchBytes + file.size > BATCH_MAX_BYTES || file.size >= FORM_MIN_BYTES) await this.#sendBatch();
      if (file.size >= FORM_MIN_BYTES) await this.#sendForm(file);
      else await this.#add(file);
    }
    await this.#sendBatch();
  }

  async #add({ name, place, size }: ArtifactFile): Promise<void> {
    const content = (await readFile(place)).toString("base64");
    this.#batch.push({ ...describeFile(name), content, content_encoding: "base64" });
    this.#batchBytes += size;
  }

  async #sendBatch(): Promise<void> {
    if (this.#batch.length === 0) return;
    // Sent again after a lost answer it must not add twice; the other two requests may be repeated as they are.
    await this.#send("", { artifacts: this.#batch }, { "Idempotency-Key": randomUUID() });
    this.#batch = [];
    this.#batchBytes = 0;
  }

  async #sendForm({ name, place, size }: ArtifactFile): Promise<void> {
    const announced = { ...describeFile(name), size };
    const [upload] = prepared.parse(await this.#send("/prepare_upload", { artifacts: [announced] })).artifacts;
    const { id, storage_path, presigned_post } = upload;
    const form = new FormData();
    for (const [field, value] of Object.entries(presigned_post.fields)) form.append(field, value);
    form.append("file", await openAsBlob(place), "file");
    await this.#server.postForm(presigned_post.url, form, size, this.#signal);
    await this.#send("/finalize_upload", { artifacts: [{ id, name, type: TYPE, storage_path }] });
  }

  async #send(path: string, body: object, headers?: Record<string, string>): Promise<unknown> {
    return await this.#server.send("POST", this.#path + path, body, this.#signal, headers);
  }
}
