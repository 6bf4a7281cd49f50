import { nowMicros } from "../entries.ts";
import type { Target } from "../target.ts";
import { Histogram } from "./histogram.ts";
import type { Protocol } from "./protocols.ts";
import { Reader, type Transport } from "./readers.ts";
import { type Writer, withStream } from "./writer.ts";

/** Connections that are opened at a time. */
const OPEN_AT_ONCE = 50;

/** Subscribers who have everything there was, and how long whatever came since took to reach each of them. */
export interface Audience {
  readonly readers: readonly Reader[];
  readonly times: Histogram;
}

/** Makes a stream with one entry and subscribers who have it; `ready` is called before they come. */
export function withStreamAndAudience<T>(
  target: Target,
  protocol: Protocol,
  { subscribers, transport }: { subscribers: number; transport: Transport },
  work: (writer: Writer, audience: Audience) => Promise<T>,
  ready: () => Promise<void> = () => Promise.resolve(),
): Promise<T> {
  return withStream(target, protocol, async (writer) => {
    await writer.append(1);
    await ready();
    const request = () => protocol.open(writer.stream, "first", transport);
    const open = (onEntry: (time: number) => void) => new Reader(target, request(), { transport, onEntry });
    return withAudience(subscribers, open, 1, (audience) => work(writer, audience));
  });
}

/** Opens subscribers until each has entry `number`, then measures what comes while `work` goes on. */
export async function withAudience<T>(
  count: number,
  open: (onEntry: (time: number) => void) => Reader,
  number: number,
  work: (audience: Audience) => Promise<T>,
): Promise<T> {
  const times = new Histogram();
  let isMeasured = false;
  const onEntry = (time: number): void => {
    if (isMeasured) times.add(nowMicros() - time);
  };
  const readers: Reader[] = [];
  try {
    while (readers.length < count) {
      const some = Array.from({ length: Math.min(OPEN_AT_ONCE, count - readers.length) }, () => open(onEntry));
      readers.push(...some);
      await Promise.all(some.map((reader) => reader.reach(number)));
    }
    isMeasured = true;
    return await work({ readers, times });
  } finally {
    for (const reader of readers) reader.close();
  }
}
