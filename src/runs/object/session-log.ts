import type { Journal, Segment } from "../../stream/journal/journal.ts";
import { parseIsoTime } from "../../db/iso-time.ts";
import type { AttemptLog, AttemptPart, RunAttempts } from "./run-attempts.ts";
import { logTag } from "./run-log.ts";

/** What a page of session_logs asks for (agent-tasks 5.4). */
export interface SessionLogQuery {
  /** Microseconds since 1970; entries at or before it, and those without a readable timestamp, are left out. */
  after?: number | undefined;
  eventTypes?: readonly string[] | undefined;
  excludeTypes?: readonly string[] | undefined;
  /** The only attempt whose entries are asked for. */
  attempt?: number | undefined;
  limit: number;
  offset: number;
}

/** A page of session_logs. */
export interface SessionLogPage {
  /** The entries as stored, as one JSON array. */
  entries: Uint8Array;
  /** How many entries stand in `entries`. */
  count: number;
  /** How many entries the log has, and how many of them match before paging. */
  total: number;
  matching: number;
  hasMore: boolean;
}

/** Bytes of entries on a page, unless its first one alone is larger (5.4). */
const PAGE_MAX_BYTES = 2 * 1024 * 1024;

/** Bytes read from the journal at a time. */
const SCAN_BYTES = 1_000_000;

const NEWLINE = 0x0a;

/** Collects the entries of one page as a JSON array. */
class Page {
  readonly #parts: Uint8Array[] = [];
  readonly #limit: number;
  #bytes = 0;
  /** Set when an entry did not fit: what follows belongs to later pages, however small it is. */
  full = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#parts.length;
  }

  add(entry: Uint8Array): void {
    this.full ||= this.count >= this.#limit || (this.count > 0 && this.#bytes + entry.length + 1 > PAGE_MAX_BYTES);
    if (this.full) return;
    this.#parts.push(entry);
    this.#bytes += entry.length + 1;
  }

  toArray(): Uint8Array {
    const array = new Uint8Array(this.#bytes + (this.count === 0 ? 2 : 1));
    let offset = 0;
    array[offset++] = 0x5b;
    for (const [index, part] of this.#parts.entries()) {
      if (index > 0) array[offset++] = 0x2c;
      array.set(part, offset);
      offset += part.length;
    }
    array[offset] = 0x5d;
    return array;
  }
}

function* linesOf({ body }: Segment): Generator<Uint8Array> {
  for (let start = 0; start < body.length;) {
    const end = body.indexOf(NEWLINE, start);
    yield body.subarray(start, end);
    start = end + 1;
  }
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

/** The type of an entry: `sessionUpdate` for session/update, else the method, else "" (5.4). */
function typeOf(entry: unknown): string {
  const notification = property(entry, "notification");
  const method = property(notification, "method");
  const type =
    method === "session/update"
      ? property(property(property(notification, "params"), "update"), "sessionUpdate")
      : method;
  return typeof type === "string" ? type : "";
}

function matcherOf({ after, eventTypes, excludeTypes }: SessionLogQuery): ((line: Uint8Array) => boolean) | undefined {
  if (after === undefined && !eventTypes && !excludeTypes) return undefined;
  const included = eventTypes && new Set(eventTypes);
  const excluded = new Set(excludeTypes);
  const decoder = new TextDecoder();
  return (line) => {
    const entry: unknown = JSON.parse(decoder.decode(line));
    const type = typeOf(entry);
    if (excluded.has(type) || (included && !included.has(type))) return false;
    if (after === undefined) return true;
    const timestamp = property(entry, "timestamp");
    const time = typeof timestamp === "string" ? parseIsoTime(timestamp) : undefined;
    return time !== undefined && time > after;
  };
}

/** Where the entries to look at are in the journal, and in the log. */
type LogPartEntries = AttemptPart & Pick<AttemptLog, "entries">;

const WHOLE: LogPartEntries = { first: 1, last: undefined, entries: { from: 0, to: undefined } };

function findPart(attempts: RunAttempts, attempt: number, tag: string): LogPartEntries | undefined {
  const [part, log] = [attempts.partOf(attempt), attempts.logOf(attempt, tag)];
  return part && log && { ...part, entries: log.entries };
}

/** Fills a page without looking into the entries: `offset` is found by counting rows. */
async function takePage(
  journal: Journal,
  tag: string,
  part: LogPartEntries,
  query: SessionLogQuery,
): Promise<SessionLogPage> {
  const { limit, offset } = query;
  const page = new Page(limit);
  const total = (part.entries.to ?? journal.index.total(tag).entries) - part.entries.from;
  const to = part.last ?? journal.tail;
  for (let from = journal.index.seek(tag, part.entries.from + offset); from <= to && !page.full;) {
    const { segments, next } = await journal.read(from, { tags: [tag], maxBytes: SCAN_BYTES, to });
    from = next;
    for (const segment of segments) {
      for (const line of linesOf(segment)) {
        page.add(line);
        if (page.full) break;
      }
    }
  }
  return {
    entries: page.toArray(),
    count: page.count,
    total,
    matching: total,
    hasMore: offset + page.count < total,
  };
}

/**
 * A page of the log (5.4). With filters every entry is looked at, because the headers tell how many match; that is done in pieces,
 * between which the object serves other calls. The journal only grows, so the pieces fit together. Undefined for an attempt
 * that there is not.
 */
export async function selectSessionLog(
  journal: Journal,
  attempts: RunAttempts,
  query: SessionLogQuery,
): Promise<SessionLogPage | undefined> {
  const tag = logTag(journal);
  const part = query.attempt === undefined ? WHOLE : findPart(attempts, query.attempt, tag);
  if (!part) return undefined;
  const matches = matcherOf(query);
  if (!matches) return takePage(journal, tag, part, query);
  const page = new Page(query.limit);
  const to = part.last ?? journal.tail;
  let total = 0;
  let matching = 0;
  for (let from = part.first; from <= to;) {
    const { segments, next } = await journal.read(from, { tags: [tag], maxBytes: SCAN_BYTES, to });
    from = next;
    for (const segment of segments) {
      total += segment.count;
      for (const line of linesOf(segment)) {
        if (!matches(line)) continue;
        matching += 1;
        // A copy: the line itself would keep its whole row in memory until the page is sent.
        if (matching > query.offset) page.add(line.slice());
      }
    }
    await scheduler.wait(0);
  }
  const { count } = page;
  return { entries: page.toArray(), count, total, matching, hasMore: query.offset + count < matching };
}
