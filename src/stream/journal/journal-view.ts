import type { Reading } from "./journal.ts";

/** How far a journal goes at one moment. */
export interface Tail {
  /** The sequence number of its last entry; 0 while there is none. */
  seq: number;
  /** Whether readers that have everything are through, because nothing will follow. */
  ended: boolean;
}

/** What readers of a stream see of a journal. Whoever owns the journal says which of its entries that are. */
export interface StreamView {
  tail(): Tail;
  /** The sequence number of the first entry that is still there. */
  head(): number;
  /** From where a reader goes on that wants only what is new. */
  latest(): number;
  /**
   * Entries to show from sequence number `from` on, up to and with `to`: at least one row, then more while they fit into
   * `maxBytes`. `next` is where to go on, above `from` in any case. A promise is what has to be fetched from elsewhere.
   */
  read(from: number, to: number, maxBytes: number): Reading | Promise<Reading>;
  /**
   * A part of the stream that a reader may ask for alone, by its number: its first entry, and its last one once it is over.
   * Undefined for one that there is not. No reading goes beyond the end of a part.
   */
  part(number: number): { first: number; last: number | undefined } | undefined;
}

/** How far a reader of one part gets: to its end, where it is over. */
export function tailOfPart(view: StreamView, tail: Tail, part: number | undefined): Tail {
  const last = part === undefined ? undefined : view.part(part)?.last;
  return last === undefined ? tail : { seq: Math.min(tail.seq, last), ended: tail.seq >= last };
}

/** Where a reader asks to begin; `unknown` is an offset that this journal never gave out. */
export type StreamStart =
  | { at: "start" }
  | { at: "latest" }
  | { at: "unknown" }
  /** After entry `seq`. */
  | { at: "after"; seq: number };

/** The sequence number to read from; undefined when the reader has to begin anew: its offset is unknown or trimmed. */
export function findCursor(view: StreamView, start: StreamStart, part?: number): number | undefined {
  const cursor = findStart(view, start);
  const first = part === undefined ? undefined : view.part(part)?.first;
  return cursor === undefined || first === undefined ? cursor : Math.max(cursor, first);
}

function findStart(view: StreamView, start: StreamStart): number | undefined {
  switch (start.at) {
    case "start":
      return view.head();
    case "latest":
      return view.latest();
    case "unknown":
      return undefined;
    case "after":
      return start.seq > view.tail().seq || start.seq + 1 < view.head() ? undefined : start.seq + 1;
    default:
      return start satisfies never;
  }
}
