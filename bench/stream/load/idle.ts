import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../target.ts";
import { withStreamAndAudience } from "./audience.ts";
import { protocolOf } from "./protocols.ts";
import type { Transport } from "./readers.ts";

export interface IdleShape {
  readonly subscribers: number;
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
  return withStreamAndAudience(
    target,
    protocolOf(target),
    shape,
    async (writer, { readers, times }) => {
      await sleep(shape.settleMs);
      await report();
      await sleep(shape.watchMs);
      await report();
      await writer.append(1);
      await Promise.all(readers.map((reader) => reader.reach(2)));
      return { last: times.quantile(1), p50: times.quantile(0.5) };
    },
    report,
  );
}
