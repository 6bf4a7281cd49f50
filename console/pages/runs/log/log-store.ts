import type { Taskyard } from "../../../../src/client/taskyard.ts";
import { type Entry, readEntry } from "./entry.ts";
import { type LogPath, readLog } from "./log-pages.ts";

/** Entries of a page, and pages that are kept: what is in memory does not grow with the log. */
const PAGE = 250;
const KEPT_PAGES = 80;
/** Entries that are fetched at once behind the last known one. */
const TAIL = 1_000;
/** Pages that are on their way at once, and milliseconds in which what is looked at is gathered: who scrolls past asks for nothing. */
const LOADED_AT_ONCE = 4;
const GATHER_MS = 40;
/** Milliseconds until a page that could not be read is asked for again. */
const AGAIN_MS = 2_000;

/**
 * A run's log by position. A position never changes what it holds, and only the end grows: what is read by position has no
 * gap and no repeat, whatever happened to the connection in between. Pages come when they are looked at.
 */
export class LogStore {
  readonly #yard: Taskyard;
  readonly #path: LogPath;
  readonly #pages = new Map<number, Entry[]>();
  /** Pages that were looked at and are not there, the latest last; and those on their way. */
  readonly #wanted = new Set<number>();
  readonly #loading = new Set<number>();
  readonly #listeners = new Set<() => void>();
  #total = 0;
  #version = 0;
  #isLoaded = false;
  #error: unknown;
  #refreshing: Promise<void> | undefined;
  #isStale = false;
  #isGathering = false;

  constructor(yard: Taskyard, path: LogPath) {
    this.#yard = yard;
    this.#path = path;
  }

  /** Entries that are known to be there. */
  get total(): number {
    return this.#total;
  }

  /** Whether the server has answered once. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Why the log could not be read, until it can be. */
  get error(): unknown {
    return this.#error;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Another one whenever something was added. */
  version = (): number => this.#version;

  /** The entry at a position; undefined while its page is on its way. */
  at(index: number): Entry | undefined {
    const number = Math.floor(index / PAGE);
    const page = this.#pages.get(number);
    const entry = page?.[index - number * PAGE];
    if (entry === undefined && index < this.#total) this.#want(number);
    if (page && this.#pages.size > KEPT_PAGES / 2) {
      // Those that were looked at last stay.
      this.#pages.delete(number);
      this.#pages.set(number, page);
    }
    return entry;
  }

  /** Reads what has been added since; calls that come while it reads make it read once more. */
  refresh(): Promise<void> {
    this.#isStale = true;
    this.#refreshing ??= this.#readTail().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #readTail(): Promise<void> {
    try {
      while (this.#isStale) {
        this.#isStale = false;
        const slice = await readLog(this.#yard, this.#path, this.#total, TAIL);
        // A log that was there before is met at its end; its beginning is read when it is looked at.
        if (!this.#isLoaded && slice.total > slice.entries.length) this.#total = slice.total;
        else {
          this.#add(slice.entries);
          this.#isStale ||= slice.hasMore;
        }
        this.#isLoaded = true;
        this.#error = undefined;
        this.#tell();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #add(entries: readonly unknown[]): void {
    for (const raw of entries) {
      const number = Math.floor(this.#total / PAGE);
      const start = number * PAGE;
      const page = this.#pages.get(number) ?? (start === this.#total ? [] : undefined);
      if (page && page.length === this.#total - start) {
        page.push(readEntry(raw));
        this.#keep(number, page);
      }
      this.#total += 1;
    }
  }

  #want(number: number): void {
    if (this.#loading.has(number)) return;
    this.#wanted.delete(number);
    this.#wanted.add(number);
    if (this.#isGathering) return;
    this.#isGathering = true;
    setTimeout(() => {
      this.#isGathering = false;
      const free = LOADED_AT_ONCE - this.#loading.size;
      // Rows in sight ask again whenever something has come; the others are not looked at any more.
      for (const latest of [...this.#wanted].toReversed().slice(0, Math.max(0, free))) void this.#load(latest);
      this.#wanted.clear();
    }, GATHER_MS);
  }

  async #load(number: number): Promise<void> {
    this.#loading.add(number);
    try {
      const start = number * PAGE;
      const page: Entry[] = [];
      let hasMore = true;
      while (hasMore && page.length < PAGE) {
        const slice = await readLog(this.#yard, this.#path, start + page.length, PAGE - page.length);
        page.push(...slice.entries.map(readEntry));
        hasMore = slice.hasMore && slice.entries.length > 0;
      }
      this.#loading.delete(number);
      this.#keep(number, page);
      this.#total = Math.max(this.#total, start + page.length);
      this.#error = undefined;
      this.#tell();
    } catch (error) {
      this.#fail(error);
      setTimeout(() => {
        this.#loading.delete(number);
        this.#tell();
      }, AGAIN_MS);
    }
  }

  #keep(number: number, page: Entry[]): void {
    this.#pages.set(number, page);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= KEPT_PAGES) return;
      if (oldest !== number) this.#pages.delete(oldest);
    }
  }

  #fail(error: unknown): void {
    this.#error = error;
    this.#tell();
  }

  #tell(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}
