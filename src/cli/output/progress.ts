import { LiveRegion } from "./live-region.ts";
import { formatBytes, formatClock } from "./units.ts";

const BAR_LENGTH = 24;
/** Milliseconds between two plain lines, where there is no terminal. */
const LINE_MS = 10_000;
/** Milliseconds before a rate means anything. */
const RATE_AFTER_MS = 300;

/** How far something is that has a known size in bytes. */
export interface Progress {
  /** So many bytes are done, of all that there are. */
  at(done: number): void;
  /** Ends it; `note` takes the place of the bar. */
  end(note?: string): void;
}

interface ProgressOptions {
  label: string;
  /** Bytes. */
  total: number;
  /** Bytes that were done before, and say nothing of the speed. */
  from?: number;
}

const percentOf = (done: number, total: number) => (total === 0 ? 100 : Math.floor((done / total) * 100));

/** A bar with rate and time left. */
export function barOn(stream: NodeJS.WriteStream, { label, total, from = 0 }: ProgressOptions): Progress {
  const region = new LiveRegion(stream);
  const begun = performance.now();
  let done = from;
  const render = () => {
    const filled = total === 0 ? BAR_LENGTH : Math.floor((done / total) * BAR_LENGTH);
    const bar = "█".repeat(filled) + "░".repeat(BAR_LENGTH - filled);
    return `${label}  ${bar}  ${percentOf(done, total)}%  ${formatBytes(done)} of ${formatBytes(total)}${describeRate(done - from, total - done, performance.now() - begun)}`;
  };
  region.draw(render);
  return {
    at: (value) => {
      done = value;
      region.draw(render);
    },
    end: (note) => {
      region.clear();
      if (note !== undefined) stream.write(`${note}\n`);
    },
  };
}

/** What is too small to be worth a word, in bytes. */
export const QUICK_BYTES = 1_000_000;

/** The same as lines that a log can keep: when it begins, every ten seconds, and when it ends. */
export function linesOn(write: (line: string) => void, { label, total, from = 0 }: ProgressOptions): Progress {
  const begun = performance.now();
  let last = begun;
  write(`${label}: ${formatBytes(total)}${from > 0 ? `, of which ${formatBytes(from)} are there already` : ""}`);
  return {
    at: (done) => {
      const now = performance.now();
      if (now - last < LINE_MS) return;
      last = now;
      write(`${label}: ${percentOf(done, total)}%${describeRate(done - from, total - done, now - begun)}`);
    },
    end: (note) => {
      if (note !== undefined) write(note);
    },
  };
}

/** Rate and time left, once they can be told. */
function describeRate(done: number, left: number, milliseconds: number): string {
  if (milliseconds < RATE_AFTER_MS || done <= 0) return "";
  const rate = done / (milliseconds / 1_000);
  return `  ${formatBytes(rate)}/s  ${formatClock(left / rate)} left`;
}
