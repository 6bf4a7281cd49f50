import type { Target } from "../target.ts";
import { Connection } from "./connection.ts";
import { EntryScanner } from "./entry-scanner.ts";
import { historyOf } from "./histories.ts";
import { Reader } from "./readers.ts";

export interface CatchUpShape {
  readonly entries: number;
  readonly readers: number;
}

export interface CatchUpResult {
  /** From opening the first connection until every reader had everything. */
  readonly milliseconds: number;
}

const PER_REQUEST = 100;
/** Histories from this size on are filled in larger appends. */
const LARGE = 100_000;
const LARGE_PER_REQUEST = 1_000;

const history = (target: Target, entries: number) =>
  historyOf(target, String(entries), entries, entries < LARGE ? PER_REQUEST : LARGE_PER_REQUEST);

/** Readers that come at the same time read a stream from its first entry. */
export async function measureCatchUp(target: Target, shape: CatchUpShape): Promise<CatchUpResult> {
  const { protocol, writer } = await history(target, shape.entries);
  const start = performance.now();
  const readers = Array.from(
    { length: shape.readers },
    () => new Reader(target, protocol.open(writer.stream, "first", "events")),
  );
  try {
    await Promise.all(readers.map((reader) => reader.reach(shape.entries)));
    return { milliseconds: performance.now() - start };
  } finally {
    for (const reader of readers) reader.close();
  }
}

export interface LogResult {
  readonly megabytesPerSecond: number;
}

/** One GET of a whole log, where there is such an operation. */
export async function measureLog(target: Target, entries: number): Promise<LogResult | undefined> {
  const { protocol, writer } = await history(target, entries);
  const request = protocol.log(writer.stream);
  if (request === undefined) return undefined;
  const connection = new Connection(target);
  const scanner = new EntryScanner(1, () => undefined);
  let bytes = 0;
  const start = performance.now();
  await connection.request(request, (span, from, to) => {
    bytes += to - from;
    scanner.scan(span, from, to);
  });
  const seconds = (performance.now() - start) / 1000;
  connection.destroy();
  if (scanner.problem !== undefined) throw new Error(scanner.problem);
  if (scanner.next !== entries + 1) throw new Error(`the log ends at entry ${scanner.next - 1}`);
  return { megabytesPerSecond: bytes / 1e6 / seconds };
}

export interface StormShape {
  readonly entries: number;
  readonly readers: number;
  /** Readers come back at one of so many last appends. */
  readonly lastAppends: number;
}

/** All readers of a stream lose their connections and come back, each at an offset of its own, until all have everything. */
export async function measureStorm(target: Target, shape: StormShape): Promise<CatchUpResult> {
  const { protocol, writer, places } = await history(target, shape.entries);
  const { last, offset } = places.at(-1) ?? { last: 0, offset: "" };
  await writer.append(1);
  const open = (first: number, after: string): Reader =>
    new Reader(target, protocol.open(writer.stream, { after }, "events"), { first });
  let readers: Reader[] = [];
  try {
    for (let at = 0; at < shape.readers; at += 1) readers.push(open(last + 1, offset));
    await Promise.all(readers.map((reader) => reader.reach(writer.last)));
    for (const reader of readers) reader.close();
    const start = performance.now();
    readers = readers.map((_, at) => {
      const place = places.at(-1 - ((at * 7919) % shape.lastAppends));
      return open((place?.last ?? 0) + 1, place?.offset ?? "");
    });
    await Promise.all(readers.map((reader) => reader.reach(writer.last)));
    return { milliseconds: performance.now() - start };
  } finally {
    for (const reader of readers) reader.close();
  }
}
