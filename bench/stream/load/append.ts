import type { Target } from "../target.ts";
import { Histogram } from "./histogram.ts";
import { type Protocol, protocolOf } from "./protocols.ts";
import { Reader } from "./readers.ts";
import { type Writer, withStream } from "./writer.ts";

export interface AppendShape {
  /** Entries of one request. */
  readonly perRequest: number;
  /** Streams that are written to at the same time, by one writer each. */
  readonly streams: number;
  readonly milliseconds: number;
}

export interface AppendResult {
  readonly entriesPerSecond: number;
  /** Milliseconds from request to answer. */
  readonly p50: number;
  readonly p99: number;
}

const WARM_UP_MS = 100;

/** Appends as fast as answers come, then reads everything back: each entry has to be there once. */
export function measureAppends(target: Target, shape: AppendShape): Promise<AppendResult> {
  const protocol = protocolOf(target);
  const writers: Writer[] = [];
  const open = async (): Promise<AppendResult> => {
    if (writers.length === shape.streams) return run(target, protocol, writers, shape);
    return withStream(target, protocol, (writer) => {
      writers.push(writer);
      return open();
    });
  };
  return open();
}

async function run(target: Target, protocol: Protocol, writers: Writer[], shape: AppendShape): Promise<AppendResult> {
  await writeFor(writers, shape.perRequest, WARM_UP_MS, new Histogram());
  const before = written(writers);
  const times = new Histogram();
  const started = performance.now();
  await writeFor(writers, shape.perRequest, shape.milliseconds, times);
  const seconds = (performance.now() - started) / 1000;
  const entries = written(writers) - before;
  await Promise.all(writers.map((writer) => readBack(target, protocol, writer)));
  return { entriesPerSecond: entries / seconds, p50: times.quantile(0.5), p99: times.quantile(0.99) };
}

const written = (writers: readonly Writer[]): number => writers.reduce((sum, { last }) => sum + last, 0);

async function writeFor(writers: Writer[], perRequest: number, milliseconds: number, times: Histogram): Promise<void> {
  const end = performance.now() + milliseconds;
  const write = async (writer: Writer): Promise<void> => {
    for (let start = performance.now(); start < end;) {
      await writer.append(perRequest);
      const now = performance.now();
      times.add((now - start) * 1000);
      start = now;
    }
  };
  await Promise.all(writers.map(write));
}

async function readBack(target: Target, protocol: Protocol, { stream, last }: Writer): Promise<void> {
  const reader = new Reader(target, protocol.open(stream, "first", "events"));
  try {
    await reader.reach(last);
  } finally {
    reader.close();
  }
}

/** Makes so many appends, and tells before the first and after the last. */
export function countAppends(
  target: Target,
  { appends, perRequest }: { appends: number; perRequest: number },
  report: () => Promise<void>,
): Promise<{ appends: number }> {
  const protocol = protocolOf(target);
  return withStream(target, protocol, async (writer) => {
    await writer.append(perRequest);
    await report();
    await writer.fill(writer.last + appends * perRequest, perRequest);
    await report();
    return { appends };
  });
}
