import type { Target } from "../target.ts";
import { withAudience } from "./audience.ts";
import { Connection } from "./connection.ts";
import { sendPaced, settle } from "./fan-out.ts";
import { historyOf } from "./histories.ts";
import { Reader } from "./readers.ts";

export interface SlowReaderShape {
  readonly slow: number;
  readonly fast: number;
  /** Entries that slow readers have before them when they come: many times what connections hold. */
  readonly entries: number;
  readonly perSecond: number;
  readonly milliseconds: number;
}

export interface SlowReaderResult {
  /** Of the fast readers, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const HISTORY_PER_REQUEST = 1_000;
/** A slow reader takes so many bytes, then nothing for so long. */
const SIP_BYTES = 1_000;
const SIP_PAUSE_MS = 1_000;

/** A reader that takes 1 KB a second, until it is told to hurry. */
class SlowReader {
  readonly reader: Reader;
  #isSlow = true;

  constructor(target: Target, request: string) {
    const connection = new Connection(target, new Uint8Array(SIP_BYTES), () => {
      if (this.#isSlow) setTimeout(() => connection.socket.resume(), SIP_PAUSE_MS).unref();
      return !this.#isSlow;
    });
    this.reader = new Reader(target, request, { connection });
  }

  hurry(): void {
    this.#isSlow = false;
    this.reader.connection.socket.resume();
  }
}

/**
 * Fast readers follow a stream at its end while slow ones read it from the start. `report` is called before
 * the slow ones come, and when they have been at it for a while. At the end they hurry: each has to get every entry once.
 */
export async function measureSlowReader(
  target: Target,
  shape: SlowReaderShape,
  report: () => Promise<void>,
): Promise<SlowReaderResult> {
  const { protocol, writer } = await historyOf(target, "slow", shape.entries, HISTORY_PER_REQUEST);
  await writer.append(1);
  const { last, offset, stream } = writer;
  await writer.append(1);
  const open = (onEntry: (time: number) => void): Reader =>
    new Reader(target, protocol.open(stream, { after: offset }, "events"), { first: last + 1, onEntry });
  return withAudience(shape.fast, open, last + 1, async ({ readers, times }) => {
    await report();
    const slow = Array.from(
      { length: shape.slow },
      () => new SlowReader(target, protocol.open(stream, "first", "events")),
    );
    try {
      await sendPaced(writer, shape, () => times.count);
      await settle(readers, writer.last);
      await report();
      for (const reader of slow) reader.hurry();
      await Promise.all(slow.map(({ reader }) => reader.reach(writer.last)));
      return { p50: times.quantile(0.5), p99: times.quantile(0.99) };
    } finally {
      for (const { reader } of slow) reader.close();
    }
  });
}
