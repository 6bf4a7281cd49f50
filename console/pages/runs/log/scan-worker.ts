/**
 * Looks through a whole log, beside the page: which rows there are (chunks of a message are one), which of them fit a filter,
 * and where the marks of the timeline are. It holds a number or two for each entry, and no entry itself.
 */
import { Taskyard } from "../../../../src/client/taskyard.ts";
import { type Entry, KINDS, LEVELS, readEntry } from "./entry.ts";
import { type LogPath, readLog } from "./log-pages.ts";
import { fits, type Filter } from "./filter.ts";

export interface ScanStart {
  type: "start";
  /** Answers carry it: those of an earlier scan are not meant any more. */
  scan: number;
  url: string;
  key: string;
  project: string;
  path: LogPath;
  filter: Filter;
}

/** There are more entries now. */
export interface ScanMore {
  type: "more";
}

/** What was found in a further piece of the log. */
export interface ScanPart {
  type: "part";
  scan: number;
  /** First entries of rows, and how many entries each has. */
  starts: Uint32Array<ArrayBuffer>;
  lengths: Uint32Array<ArrayBuffer>;
  /** Kind, level and time (milliseconds since 1970, NaN where there is none) of each row. */
  kinds: Uint8Array<ArrayBuffer>;
  levels: Uint8Array<ArrayBuffer>;
  times: Float64Array<ArrayBuffer>;
  /** The last row of the part before goes on by so many entries. */
  grown: number;
  scanned: number;
  total: number;
}

export interface ScanFailure {
  type: "failure";
  scan: number;
  message: string;
}

/** Entries of a slice, and slices that are read at once. */
const SLICE = 5_000;
const READ_AT_ONCE = 3;

interface Job {
  start: ScanStart;
  yard: Taskyard;
  scanned: number;
  /** Entries that there are, as far as is known. */
  total: number;
  chunkOf: string | undefined;
  /** The last row fitted, so that its further chunks belong to it. */
  isOpen: boolean;
}

let job: Job | undefined;
let isRunning = false;
let isStale = false;

addEventListener("message", ({ data }: MessageEvent<ScanStart | ScanMore>) => {
  if (data.type === "start") {
    const { url, key, project } = data;
    const yard = new Taskyard({ url, apiKey: key, project });
    job = { start: data, yard, scanned: 0, total: 0, chunkOf: undefined, isOpen: false };
  }
  isStale = true;
  if (!isRunning) void run();
});

async function run(): Promise<void> {
  isRunning = true;
  for (let current = job; isStale && current; current = job) {
    isStale = false;
    try {
      const { yard, start, scanned } = current;
      const slices = Array.from({ length: READ_AT_ONCE }, (_, at) => scanned + at * SLICE)
        // Those behind the last known entry are empty, but for the first: it tells what there is.
        .filter((offset, at) => at === 0 || offset < current.total)
        .map((offset) => readLog(yard, start.path, offset, SLICE));
      // A slice of large entries ends before its last one: then those read with it begin too late.
      for (const { entries, total, hasMore } of await Promise.all(slices)) {
        if (current !== job) break;
        current.total = total;
        postPart(current, entries.map(readEntry), total);
        isStale ||= hasMore;
        if (entries.length < SLICE) break;
      }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (current === job) postMessage({ type: "failure", scan: current.start.scan, message } satisfies ScanFailure);
    }
  }
  isRunning = false;
}

function postPart(current: Job, entries: readonly Entry[], total: number): void {
  const rows: { start: number; length: number; entry: Entry }[] = [];
  let grown = 0;
  for (const entry of entries) {
    const goesOn = entry.chunkOf !== undefined && entry.chunkOf === current.chunkOf;
    const last = rows.at(-1);
    if (goesOn && current.isOpen) {
      if (last) last.length += 1;
      else grown += 1;
    } else if (fits(entry, current.start.filter)) {
      rows.push({ start: current.scanned, length: 1, entry });
      current.isOpen = true;
    } else current.isOpen = false;
    current.chunkOf = entry.chunkOf;
    current.scanned += 1;
  }
  const part: ScanPart = {
    type: "part",
    scan: current.start.scan,
    starts: Uint32Array.from(rows, ({ start }) => start),
    lengths: Uint32Array.from(rows, ({ length }) => length),
    kinds: Uint8Array.from(rows, ({ entry }) => KINDS.indexOf(entry.kind)),
    levels: Uint8Array.from(rows, ({ entry }) => LEVELS.indexOf(entry.level)),
    times: Float64Array.from(rows, ({ entry }) => Date.parse(entry.time)),
    grown,
    scanned: current.scanned,
    total,
  };
  postMessage(part, {
    transfer: [part.starts.buffer, part.lengths.buffer, part.kinds.buffer, part.levels.buffer, part.times.buffer],
  });
}
