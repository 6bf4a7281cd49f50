import type { Target } from "../target.ts";
import { withStreamAndAudience } from "./audience.ts";
import { settle } from "./fan-out.ts";
import { protocolOf } from "./protocols.ts";
import type { Reader, Transport } from "./readers.ts";
import type { Writer } from "./writer.ts";

export interface FloodShape {
  readonly subscribers: number;
  readonly perRequest: number;
  readonly milliseconds: number;
  readonly transport: Transport;
}

export interface FloodResult {
  /** Entries that subscribers got a second, all together, until the last one had everything. */
  readonly deliveredPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Appends that the slowest subscriber may be behind before the writer waits for it: no system has to hold more. */
const WINDOW_APPENDS = 64;

/** One writer appends as fast as answers come and subscribers follow. */
export function measureFlood(target: Target, shape: FloodShape): Promise<FloodResult> {
  return withStreamAndAudience(target, protocolOf(target), shape, async (writer, { readers, times }) => {
    const start = performance.now();
    await pour(writer, readers, shape, start + shape.milliseconds);
    await settle(readers, writer.last);
    if (readers.some(({ last }) => last < writer.last)) throw new Error("a subscriber did not get everything");
    const seconds = (performance.now() - start) / 1000;
    return { deliveredPerSecond: times.count / seconds, p50: times.quantile(0.5), p99: times.quantile(0.99) };
  });
}

async function pour(
  writer: Writer,
  readers: readonly Reader[],
  { perRequest }: FloodShape,
  end: number,
): Promise<void> {
  while (performance.now() < end) {
    await writer.append(perRequest);
    const needed = writer.last - WINDOW_APPENDS * perRequest;
    for (const reader of readers) if (reader.last < needed) await reader.reach(needed);
  }
}
