import type { Target } from "../target.ts";
import { Connection } from "./connection.ts";
import { readNumber, isHead } from "../entries.ts";
import { BATCH_ENTRIES, type FaultCounts, FaultProducer, NUMBERS_OF_A_PRODUCER } from "./fault-producer.ts";
import { FaultReader } from "./fault-reader.ts";
import { type Protocol, protocolOf } from "./protocols.ts";

export interface FaultShape {
  readonly entries: number;
  /** How often `report` is called while entries come. */
  readonly kills: number;
  /** Until when readers may take for everything. */
  readonly deadlineMs: number;
}

export interface FaultResult extends FaultCounts {
  readonly entries: number;
  readonly readers: number;
  readonly connections: number;
}

const PRODUCERS = 4;

/** Writes under faults, then compares what every reader got. Throws with what is wrong. */
export async function runFaults(target: Target, shape: FaultShape, report: () => Promise<void>): Promise<FaultResult> {
  const protocol = protocolOf(target);
  const stream = await protocol.create();
  const batches = Math.ceil(shape.entries / PRODUCERS / BATCH_ENTRIES);
  const total = batches * PRODUCERS * BATCH_ENTRIES;
  const deadline = performance.now() + shape.deadlineMs;
  const readers = (["events", "events", "events", "socket", "socket"] as const).map(
    (transport) => new FaultReader(target, protocol, stream, transport),
  );
  const counts: FaultCounts = { lost: 0, duplicates: 0, refused: 0 };
  const reading = readers.map((reader) => reader.run(total, deadline));
  let done = 0;
  let killed: Promise<void> = Promise.resolve();
  const onBatch = (): void => {
    done += 1;
    const step = Math.floor((batches * PRODUCERS) / (shape.kills + 1));
    if (done % step === 0 && done / step <= shape.kills) killed = killed.then(report);
  };
  const producers = Array.from({ length: PRODUCERS }, (_, index) => new FaultProducer(target, stream, index, counts));
  await Promise.all(producers.map((producer) => producer.run(batches, onBatch)));
  await killed;
  await Promise.all(reading);
  const log = await readLog(target, protocol, stream);
  for (const [index, numbers] of [log, ...readers.map((reader) => reader.numbers)].entries()) {
    const who = index === 0 ? "the log" : `reader ${index}`;
    checkComplete(who, numbers, total);
    if (numbers.some((number, at) => number !== log[at])) throw new Error(`${who} has another order than the log`);
  }
  const connections = readers.reduce((sum, reader) => sum + reader.connections, 0);
  return { ...counts, entries: total, readers: readers.length, connections };
}

/** Each producer's entries have to be there once, and in its order. */
function checkComplete(who: string, numbers: readonly number[], total: number): void {
  const last = new Map<number, number>();
  for (const number of numbers) {
    const producer = Math.floor(number / NUMBERS_OF_A_PRODUCER);
    const expected = (last.get(producer) ?? producer * NUMBERS_OF_A_PRODUCER) + 1;
    if (number !== expected) throw new Error(`${who} has entry ${number} where ${expected} was to come`);
    last.set(producer, number);
  }
  if (numbers.length !== total) throw new Error(`${who} has ${numbers.length} entries of ${total}`);
}

async function readLog(target: Target, protocol: Protocol, stream: string): Promise<number[]> {
  const connection = new Connection(target);
  const chunks: Buffer[] = [];
  await connection.request(protocol.log(stream) ?? "", (bytes, start, end) => {
    chunks.push(Buffer.from(bytes.subarray(start, end)));
  });
  connection.destroy();
  const numbers: number[] = [];
  const lines = Buffer.concat(chunks);
  for (let at = 0; at < lines.length; at = lines.indexOf("\n", at) + 1) {
    if (isHead(lines, at)) numbers.push(readNumber(lines, at));
  }
  return numbers;
}
