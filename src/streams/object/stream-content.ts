import { streamPrefix } from "../../artifacts/artifact-keys.ts";
import { Archive } from "../../stream/journal/archive.ts";
import { Journal } from "../../stream/journal/journal.ts";
import { BYTES_TAG } from "../../stream/journal/journal-lines.ts";
import type { Reading } from "../../stream/journal/journal.ts";
import type { StreamView, Tail } from "../../stream/journal/journal-view.ts";
import { formatOffset } from "../../stream/journal/offset.ts";
import { Producers } from "../../stream/journal/producers.ts";
import { type VolumeBucket, Volumes } from "../../stream/journal/volumes.ts";
import { bareType, kindOf } from "../../stream/durable/protocol.ts";
import type { Append, Appended, StreamPlace } from "./stream-outcome.ts";
import type { StreamRecord } from "./stream-record.ts";

/** The tag of a JSON stream's messages, a line each. */
const JSON_TAG = "json";
const TAGS = [JSON_TAG, BYTES_TAG];

/** What a stream holds: its journal, who writes to it, and its archive. As a view it shows all of it. */
export class StreamContent implements StreamView {
  readonly #journal: Journal;
  readonly #producers: Producers;
  readonly #archive: Archive;

  constructor(storage: DurableObjectStorage, bucket: VolumeBucket, onGrowth: () => void) {
    const volumes = new Volumes(storage.sql, bucket);
    this.#journal = new Journal(storage.sql, { onGrowth, volumes });
    this.#producers = new Producers(storage.sql);
    this.#archive = new Archive(storage, this.#journal, volumes, bucket);
  }

  tail(): Tail {
    return { seq: this.#journal.tail, ended: this.#journal.isClosed };
  }

  head(): number {
    return this.#journal.head;
  }

  latest(): number {
    return this.#journal.tail + 1;
  }

  read(from: number, to: number, maxBytes: number): Reading | Promise<Reading> {
    return this.#journal.read(from, { tags: TAGS, maxBytes, to });
  }

  /** A stream has no parts. */
  part(): undefined {
    return undefined;
  }

  get place(): StreamPlace {
    return { nextOffset: formatOffset(this.#journal.tail), closed: this.#journal.isClosed };
  }

  /** Adds entries, and the end where these are all. Call it inside a transaction; throws JournalFullError. */
  write(contentType: string, body: Uint8Array, closes: boolean, maxBytes: number): void {
    if (body.length > 0 && kindOf(contentType) === "json") this.#journal.append(JSON_TAG, body, maxBytes);
    else if (body.length > 0) this.#journal.appendBytes(body, maxBytes);
    if (closes) this.#journal.close();
  }

  /**
   * Carries out an append, or says why not (5.2): a batch that its producer sends again is acknowledged whatever has happened
   * since. Call it inside a transaction: entries, producer and end commit together or not at all. Throws JournalFullError.
   */
  append({ contentType, lastSeq }: StreamRecord, asked: Append, maxBytes: number): Appended {
    const { body, closes, seq, producer } = asked;
    const verdict = producer && this.#producers.judge(producer);
    if (verdict?.ok === true && verdict.duplicate) return this.#done(true, verdict.last);
    if (verdict?.ok === false && verdict.reason === "stale_epoch") return verdict;
    if (this.#journal.isClosed) {
      const isRepeated = closes && body.length === 0 && !producer;
      return isRepeated ? this.#done(false, undefined) : { ok: false, reason: "closed", ...this.place };
    }
    if (body.length === 0 && !closes) return { ok: false, reason: "empty" };
    if (body.length > 0) {
      if (asked.contentType === undefined) return { ok: false, reason: "no_type" };
      if (bareType(asked.contentType) !== bareType(contentType)) return { ok: false, reason: "other_type" };
    }
    if (verdict?.ok === false) return verdict;
    if (seq !== undefined && lastSeq !== null && seq <= lastSeq) return { ok: false, reason: "stale_seq" };
    if (producer) this.#producers.accept(producer, this.#journal.tail + 1);
    this.write(contentType, body, closes, maxBytes);
    return this.#done(false, verdict?.last);
  }

  #done(duplicate: boolean, last: number | undefined): Appended {
    return { ok: true, duplicate, last, ...this.place };
  }

  /** Moves a part of a stream to the bucket. Returns whether there is more to do; rejects when the bucket fails. */
  archive({ owner: { projectNumber }, id }: StreamRecord): Promise<boolean> {
    return this.#archive.step(streamPrefix({ projectNumber, id }));
  }

  /** Drops everything; call it inside a transaction, and `sweep` after it. */
  drop(): void {
    this.#archive.dropAll();
    this.#producers.clear();
  }

  /** Removes from the bucket what was dropped. Rejects when the bucket fails; then it is to be done again. */
  async sweep(): Promise<void> {
    await this.#archive.sweep();
  }
}
