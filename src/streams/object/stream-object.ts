import { DurableObject } from "cloudflare:workers";
import { connect } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { applySchema, hasSchema } from "../../objects/object-schema.ts";
import { TIMER_SCHEMA, Timers } from "../../objects/timers.ts";
import { bareType, EXPIRES_AT, TTL } from "../../stream/durable/protocol.ts";
import { JOURNAL_SCHEMA, unlessFull } from "../../stream/journal/journal.ts";
import { PRODUCER_SCHEMA } from "../../stream/journal/producers.ts";
import { VOLUME_SCHEMA } from "../../stream/journal/volumes.ts";
import { StreamConnections, type StreamTimer } from "./stream-connections.ts";
import { StreamContent } from "./stream-content.ts";
import {
  type Append,
  type Appended,
  type Created,
  type Creation,
  STREAM_FULL,
  STREAM_NOT_FOUND,
  type StreamLimits,
  type StreamNotFound,
} from "./stream-outcome.ts";
import { projectStream } from "./stream-projection.ts";
import {
  endOf,
  isSameStream,
  loadRecord,
  saveRecord,
  STREAM_SCHEMA,
  type StreamOwner,
  type StreamRecord,
} from "./stream-record.ts";
import { readStreamRequest } from "./stream-request.ts";

const TABLES = [STREAM_SCHEMA, JOURNAL_SCHEMA, VOLUME_SCHEMA, PRODUCER_SCHEMA, TIMER_SCHEMA];

/** How long entries of a closed stream stay in the object: who has followed it looks at it then. */
const ARCHIVE_DELAY_MS = 300_000;

/** Milliseconds before what failed elsewhere is tried again. */
const RETRY_MS = 30_000;

/** A read or write that comes so soon after another is not noted, since a note is a written row: a tenth of its life, a second at most. */
const TOUCH_STEP_MAX_MS = 1_000;
const touchStep = (ttlSeconds: number) => Math.min(ttlSeconds * 100, TOUCH_STEP_MAX_MS);

/** The headers of a stream's settings, for its metadata (5.5). */
function lifeHeaders({ ttlSeconds, expiresAt }: StreamRecord): [string, string][] {
  if (ttlSeconds !== null) return [[TTL, String(ttlSeconds)]];
  return expiresAt === null ? [] : [[EXPIRES_AT, new Date(expiresAt).toISOString()]];
}

/**
 * One stream of the Durable Streams protocol: the single writer of its journal. It commits, brings its row in D1 up to date,
 * and answers; what fails elsewhere its alarm repeats. Expected failures are values. A name under which there never was a
 * stream stores nothing; one whose stream was removed holds nothing once its volumes and its row are gone.
 */
export class Stream extends DurableObject {
  readonly #timers: Timers<StreamTimer>;
  readonly #content: StreamContent;
  /** The stored stream, removed or not; undefined where nothing is stored. */
  #record: StreamRecord | undefined;
  /** Of the stream that there is now, once somebody reads it. */
  #connections: StreamConnections | undefined;
  /** The last write to D1, after which the next one begins, and the last step of the archive; neither rejects. */
  #projected: Promise<void> = Promise.resolve();
  #archived: Promise<void> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#timers = new Timers(ctx.storage);
    this.#content = new StreamContent(ctx.storage, env.ARTIFACTS, () => this.#connections?.wake());
    if (!hasSchema(ctx.storage.sql)) return;
    ctx.storage.transactionSync(() => applySchema(ctx.storage.sql, TABLES));
    this.#record = loadRecord(ctx.storage.sql);
  }

  /** Makes the stream, unless it is there: then it has to be as it is asked for (5.1). `hasRoom`: its project takes another one. */
  async create(owner: StreamOwner, asked: Creation, hasRoom: boolean, { maxBytes }: StreamLimits): Promise<Created> {
    if (!this.#find()) await this.#remove();
    const known = this.#find();
    if (known) return this.#compare(known, asked);
    if (!hasRoom) return { ok: false, reason: "no_room" };
    const { body, closed, ...settings } = asked;
    const now = Date.now();
    const made = { ...settings, owner, id: crypto.randomUUID(), createdAt: now, touchedAt: now, lastSeq: null };
    const record: StreamRecord = { ...made, isRemoved: false };
    const isDone = unlessFull(this.ctx.storage, () => {
      applySchema(this.ctx.storage.sql, TABLES);
      this.#content.write(asked.contentType, body, closed, maxBytes);
      this.#save(record, closed);
      return true;
    });
    if (!isDone) return STREAM_FULL;
    this.#record = record;
    await this.#project();
    return { ok: true, made: true, contentType: record.contentType, ...this.#content.place };
  }

  /** Appends to the stream, closes it, or both (5.2, 5.3). */
  async append(asked: Append, { maxBytes }: StreamLimits): Promise<Appended> {
    const known = this.#find();
    if (!known) return STREAM_NOT_FOUND;
    const { closed: wasClosed } = this.#content.place;
    const record = { ...this.#touched(known), lastSeq: asked.seq ?? known.lastSeq };
    const isChanged = record.touchedAt !== known.touchedAt || record.lastSeq !== known.lastSeq;
    const outcome = unlessFull(this.ctx.storage, () => {
      const appended = this.#content.append(known, asked, maxBytes);
      const closes = appended.ok && appended.closed && !wasClosed;
      if (appended.ok && !appended.duplicate && (isChanged || closes)) this.#save(record, closes);
      return appended;
    });
    if (!outcome?.ok || outcome.duplicate) return outcome ?? STREAM_FULL;
    this.#record = record;
    if (outcome.closed && !wasClosed) await this.#project();
    else if (isChanged) await this.#timers.arm();
    return outcome;
  }

  /** Removes the stream with all that it has (5.4). */
  async remove(): Promise<{ ok: true } | StreamNotFound> {
    if (!this.#find()) return STREAM_NOT_FOUND;
    await this.#remove();
    return { ok: true };
  }

  /** Answers a read (stream-request.ts): 404 where there is no stream, else as DurableReaders does. */
  override async fetch(request: Request): Promise<Response> {
    const asked = readStreamRequest(request);
    const known = this.#find();
    if (!known) return new Response(null, { status: 404 });
    const { id } = known;
    if (!asked.isHead) await this.#touch(known);
    this.#connections ??= new StreamConnections(this.ctx, this.#content, known, this.#timers);
    const answer = await this.#connections.answer(asked);
    // It may have been removed while the answer was waited for.
    if (this.#record?.id !== id || this.#record.isRemoved) return new Response(null, { status: 404 });
    if (!asked.isHead) await this.#touch(this.#record);
    else for (const header of lifeHeaders(known)) answer.headers.append(...header);
    return answer;
  }

  override async alarm(): Promise<void> {
    for (const timer of this.#timers.due(Date.now())) {
      if (!this.#record) return;
      if (timer === "passes") await this.#checkPasses();
      else if (timer === "expire") await this.#expire(this.#record);
      else if (timer === "archive") await this.#archive();
      else if (timer === "project") await this.#project();
      else await this.#sweep();
    }
    if (this.#record) await this.#timers.arm();
  }

  /** The stream as it is now; undefined for one that is removed, or whose time is over. */
  #find(): StreamRecord | undefined {
    if (!this.#record || this.#record.isRemoved) return undefined;
    const end = endOf(this.#record);
    return end !== undefined && end <= Date.now() && !this.#isHeld(this.#record) ? undefined : this.#record;
  }

  /** Whether somebody follows a stream that stays as long as it is read. */
  #isHeld({ ttlSeconds }: StreamRecord): boolean {
    return ttlSeconds !== null && this.#connections !== undefined && this.#connections.size > 0;
  }

  #compare(known: StreamRecord, asked: Creation): Created {
    const isSameType = bareType(known.contentType) === bareType(asked.contentType);
    const { place } = this.#content;
    if (!isSameStream(known, asked, isSameType) || place.closed !== asked.closed) {
      return { ok: false, reason: "other_settings" };
    }
    return { ok: true, made: false, contentType: known.contentType, ...place };
  }

  /** Stores a record and what it means for the timers; call it in the transaction of what it tells of. */
  #save(record: StreamRecord, closes: boolean): void {
    const now = Date.now();
    saveRecord(this.ctx.storage.sql, record);
    const end = endOf(record);
    if (end !== undefined && !record.isRemoved) this.#timers.set("expire", end);
    if (closes) this.#timers.set("archive", now + ARCHIVE_DELAY_MS);
    const isListed = this.#record?.id === record.id && !closes && !record.isRemoved;
    if (!isListed) this.#timers.set("project", now + RETRY_MS);
  }

  /** The record of a stream that is read or written now. */
  #touched(record: StreamRecord): StreamRecord {
    const now = Date.now();
    const { ttlSeconds, touchedAt } = record;
    const isNoted = ttlSeconds === null || now - touchedAt < touchStep(ttlSeconds);
    return isNoted ? record : { ...record, touchedAt: now };
  }

  async #touch(record: StreamRecord): Promise<void> {
    const touched = this.#touched(record);
    if (touched === record) return;
    this.#record = touched;
    this.ctx.storage.transactionSync(() => this.#save(touched, false));
    await this.#timers.arm();
  }

  /** Removes the stream where there is one, also one whose time is over: at once for everybody, then what it has elsewhere. */
  async #remove(): Promise<void> {
    // A step under way would take the rows of the next stream for those it has read.
    await this.#archived;
    const record = this.#record;
    if (!record || record.isRemoved) return;
    const removed = { ...record, isRemoved: true };
    const connections = this.#connections;
    this.#connections = undefined;
    this.ctx.storage.transactionSync(() => {
      this.#content.drop();
      this.#save(removed, false);
      for (const timer of ["expire", "archive", "passes"] as const) this.#timers.clear(timer);
      this.#timers.set("sweep", Date.now() + RETRY_MS);
    });
    this.#record = removed;
    connections?.end();
    await this.#project();
    await this.#sweep();
  }

  /** Brings the row in D1 up to date, unless it is; one write after the other, each with what is then. */
  #project(): Promise<void> {
    this.#projected = this.#projected.then(() => this.#projectLatest());
    return this.#projected;
  }

  async #projectLatest(): Promise<void> {
    const record = this.#record;
    if (!record || !this.#timers.has("project")) return;
    const { closed } = this.#content.place;
    try {
      await projectStream(connect(this.env.DB), { ...record, closed });
      const { id, isRemoved } = this.#record ?? record;
      const isLatest = id === record.id && isRemoved === record.isRemoved && this.#content.place.closed === closed;
      if (isLatest) this.#timers.clear("project");
    } catch (error) {
      logBackgroundFailure("projectStream", error);
      this.#timers.set("project", Date.now() + RETRY_MS);
    }
    await this.#timers.arm();
    await this.#forget();
  }

  async #sweep(): Promise<void> {
    try {
      await this.#content.sweep();
      this.#timers.clear("sweep");
    } catch (error) {
      logBackgroundFailure("sweepStream", error);
      this.#timers.set("sweep", Date.now() + RETRY_MS);
    }
    await this.#timers.arm();
    await this.#forget();
  }

  /** Leaves nothing in the object of a stream that is removed, once nothing of it is left elsewhere. */
  async #forget(): Promise<void> {
    if (!this.#record?.isRemoved || this.#timers.has("project") || this.#timers.has("sweep")) return;
    this.#record = undefined;
    await Promise.all([this.ctx.storage.deleteAlarm(), this.ctx.storage.deleteAll()]);
  }

  async #checkPasses(): Promise<void> {
    if (this.#connections) await this.#connections.checkPasses(connect(this.env.DB));
    else this.#timers.clear("passes");
  }

  /** Removes a stream whose time is over, unless somebody follows it: that is a read that goes on. */
  async #expire(record: StreamRecord): Promise<void> {
    const now = Date.now();
    const end = endOf(record) ?? Infinity;
    if (this.#isHeld(record)) await this.#touch(record);
    else if (end <= now) await this.#remove();
    else this.#timers.set("expire", end);
  }

  /** Moves a part of a closed stream to the bucket; its timer stays set until all is there. */
  #archive(): Promise<void> {
    this.#archived = this.#archived.then(() => this.#archivePart());
    return this.#archived;
  }

  async #archivePart(): Promise<void> {
    if (!this.#record || this.#record.isRemoved) return;
    try {
      const hasMore = await this.#content.archive(this.#record);
      if (hasMore) this.#timers.set("archive", Date.now());
      else this.#timers.clear("archive");
    } catch (error) {
      logBackgroundFailure("archiveStream", error);
      this.#timers.set("archive", Date.now() + RETRY_MS);
    }
  }
}
