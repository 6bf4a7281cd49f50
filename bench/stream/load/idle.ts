import { setTimeout as sleep } from "node:timers/promises";
import { nowMicros } from "../entries.ts";
import type { Target } from "../target.ts";
import { openReaders } from "./fan-out.ts";
import { Histogram } from "./histogram.ts";
import { protocolOf } from "./protocols.ts";
import { Reader, type Transport } from "./readers.ts";
import { withStream } from "./writer.ts";

export interface IdleShape {
  readonly connections: number;
  readonly transport: Transport;
  /** How long nothing happens before the system is looked at, and how long it then is. */
  readonly settleMs: number;
  readonly watchMs: number;
}

export interface IdleResult {
  /** Milliseconds until every connection had the first entry after the pause, and until half of them had. */
  readonly last: number;
  readonly p50: number;
}

/** Opens connections and leaves them alone: `report` is called before, at the beginning of the watch and at its end. */
export function measureIdle(target: Target, shape: IdleShape, report: () => Promise<void>): Promise<IdleResult> {
  const protocol = protocolOf(target);
  return withStream(target, protocol, async (writer) => {
    const times = new Histogram();
    let isMeasured = false;
    const onEntry = (time: number): void => {
      if (isMeasured) times.add(nowMicros() - time);
    };
    const { transport } = shape;
    await writer.append(1);
    await report();
    const readers = await openReaders(
      shape.connections,
      () => new Reader(target, protocol.open(writer.stream, "first", transport), { transport, onEntry }),
      (reader) => reader.reach(1),
    );
    try {
      await sleep(shape.settleMs);
      await report();
      await sleep(shape.watchMs);
      await report();
      isMeasured = true;
      await writer.append(1);
      await Promise.all(readers.map((reader) => reader.reach(2)));
      return { last: times.quantile(1), p50: times.quantile(0.5) };
    } finally {
      for (const reader of readers) reader.close();
    }
  });
}
