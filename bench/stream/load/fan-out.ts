import { setTimeout as sleep } from "node:timers/promises";
import { nowMicros } from "../entries.ts";
import type { Target } from "../target.ts";
import { withStreamAndAudience } from "./audience.ts";
import { protocolOf } from "./protocols.ts";
import type { Reader, Transport } from "./readers.ts";
import type { Writer } from "./writer.ts";

export interface FanOutShape {
  readonly subscribers: number;
  readonly perSecond: number;
  readonly milliseconds: number;
  readonly transport: Transport;
}

export interface FanOutResult {
  /** Events a second that reached every subscriber within the time of sending them, as a mean. */
  readonly kept: number;
  /** Milliseconds from when an entry was due to when a subscriber had it. */
  readonly p50: number;
  readonly p99: number;
}

/** How long subscribers may take for what was sent in time. Who has not come so far then is behind. */
const DRAIN_MS = 3_000;
/** What counts as in time after the last event was due. */
const GRACE_MS = 100;
/** Sends single entries at a rate, whatever the answers take, and looks when every subscriber gets them. */
export function measureFanOut(target: Target, shape: FanOutShape): Promise<FanOutResult> {
  return withStreamAndAudience(target, protocolOf(target), shape, async (writer, { readers, times }) => {
    const { inTime } = await sendPaced(writer, shape, () => times.count);
    await settle(readers, writer.last);
    const kept = inTime / shape.subscribers / (shape.milliseconds / 1000);
    return { kept, p50: times.quantile(0.5), p99: times.quantile(0.99) };
  });
}

/** Entries are due at fixed moments and carry them: one that could not be sent in time is late for that as well. */
export async function sendPaced(
  writer: Writer,
  { perSecond, milliseconds }: { perSecond: number; milliseconds: number },
  count: () => number,
): Promise<{ inTime: number }> {
  const start = nowMicros();
  const step = 1_000_000 / perSecond;
  const end = start + milliseconds * 1000;
  let inTime = 0;
  const deadline = sleep(milliseconds + GRACE_MS).then(() => (inTime = count()));
  for (let due = start; due < end && nowMicros() < end + GRACE_MS * 1000; due += step) {
    const wait = (due - nowMicros()) / 1000;
    if (wait > 0) await sleep(wait);
    await writer.append(1, Math.round(due));
  }
  await deadline;
  return { inTime };
}

/** Waits for readers to have everything. Being late is a result; an entry lost or repeated is a failure. */
export async function settle(readers: readonly Reader[], last: number): Promise<void> {
  const all = Promise.all(readers.map((reader) => reader.reach(last)));
  await Promise.race([all, sleep(DRAIN_MS, undefined, { ref: false })]);
  for (const { scanner } of readers) if (scanner.problem !== undefined) throw new Error(scanner.problem);
}
