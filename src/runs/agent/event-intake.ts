import { ApiError } from "../../http/errors/error-table.ts";
import { LineCutter, LineTooLongError } from "../../stream/journal/line-cutter.ts";
import type { SourceAnswer, SourceStep } from "../../stream/journal/numbered-source.ts";
import { type EventLine, readEventLine } from "../protocol/event-line.ts";

/** What event_stream answers (agent-tasks 9). */
export interface IntakeReport {
  accepted: number;
  duplicate: number;
  last_accepted_seq: number;
}

/** Limits of one request (agent-tasks 9), in bytes and events. */
const LINE_MAX_BYTES = 1024 * 1024;
const REQUEST_MAX_BYTES = 5 * 1024 * 1024;
const REQUEST_MAX_EVENTS = 1000;

/** A commit is made of what came in this time, or of these bytes if that is sooner; one after a pause comes at once. */
const COMMIT_PAUSE_MS = 20;
const COMMIT_BYTES = 64 * 1024;

const LINE_FEED = 0x0a;

/** Why a step is refused, in words. */
export const REFUSALS: Record<NonNullable<SourceAnswer["refused"]>, string> = {
  gap: "Events before this one are missing.",
  completed: "The event stream is complete.",
  wrong_final: "final_seq is not the number of the last event.",
};

/** Collects the events of one request and hands them on in the order they came, those that follow one another together. */
class Intake {
  readonly #take: (step: SourceStep) => Promise<SourceAnswer>;
  readonly #cutter = new LineCutter(LINE_MAX_BYTES);
  #report: IntakeReport = { accepted: 0, duplicate: 0, last_accepted_seq: 0 };
  /** Whether the source has said that it is through: then each event is refused, also one that is stored. */
  #isComplete = false;
  #events: Uint8Array[] = [];
  #first = 0;
  #bytes = 0;
  #received = { bytes: 0, events: 0 };

  constructor(take: (step: SourceStep) => Promise<SourceAnswer>) {
    this.#take = take;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  get report(): IntakeReport {
    return this.#report;
  }

  async push(chunk: Uint8Array): Promise<void> {
    const allowed = REQUEST_MAX_BYTES - this.#received.bytes;
    this.#received.bytes += chunk.length;
    for (const line of this.#cutter.push(chunk.subarray(0, allowed))) await this.#takeLine(line);
    if (chunk.length > allowed) throw tooLarge(`A request takes ${REQUEST_MAX_BYTES} bytes at most.`);
  }

  /** Takes what has no line end as the last line. */
  async end(): Promise<void> {
    await this.#takeLine(this.#cutter.end());
    await this.flush();
  }

  async flush(): Promise<void> {
    if (this.isEmpty) return;
    const step = { kind: "append", first: this.#first, count: this.#events.length, lines: this.#joinEvents() } as const;
    this.#events = [];
    this.#bytes = 0;
    await this.step(step);
  }

  /** Has a step carried out and counts what became of it; throws 409 for one that is refused. */
  async step(step: SourceStep): Promise<void> {
    const { accepted, duplicate, last, completed, refused } = await this.#take(step);
    this.#isComplete = completed;
    this.#report = {
      accepted: this.#report.accepted + accepted,
      duplicate: this.#report.duplicate + duplicate,
      last_accepted_seq: last,
    };
    if (refused) throw new ApiError("conflict", REFUSALS[refused]);
  }

  async #takeLine(bytes: Uint8Array): Promise<void> {
    if (bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) return;
    const line = readEventLine(bytes);
    if (line.kind === "complete") {
      await this.flush();
      await this.step({ kind: "complete", final: line.final });
    } else {
      await this.#add(line);
    }
  }

  async #add({ seq, event }: Extract<EventLine, { kind: "event" }>): Promise<void> {
    this.#received.events += 1;
    if (this.#received.events > REQUEST_MAX_EVENTS) {
      throw tooLarge(`A request takes ${REQUEST_MAX_EVENTS} events at most.`);
    }
    if (this.#isKnown(seq)) {
      this.#report.duplicate += 1;
      return;
    }
    if (seq !== this.#first + this.#events.length) await this.flush();
    if (this.isEmpty) this.#first = seq;
    // A copy: the line's bytes are the cutter's, which uses them again.
    this.#events.push(event.slice());
    this.#bytes += event.length + 1;
    if (this.#bytes >= COMMIT_BYTES) await this.flush();
  }

  /** Whether an event is stored, or waits to be: one that is sent again is not worth a call of the run's object. */
  #isKnown(seq: number): boolean {
    if (this.#isComplete) return false;
    return seq <= this.#report.last_accepted_seq || (seq >= this.#first && seq < this.#first + this.#events.length);
  }

  #joinEvents(): Uint8Array {
    const lines = new Uint8Array(this.#bytes).fill(LINE_FEED);
    let offset = 0;
    for (const event of this.#events) {
      lines.set(event, offset);
      offset += event.length + 1;
    }
    return lines;
  }
}

function tooLarge(detail: string): ApiError {
  return new ApiError("body_too_large", detail);
}

/** The next chunk; a body that breaks off is the client's failure, not the server's. */
async function readChunk(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch {
    throw new ApiError("invalid_request", "The request's body broke off.");
  }
}

/** Reads the body while it arrives, so that an event is committed whether or not the request ever ends. */
async function readBody(intake: Intake, body: ReadableStream<Uint8Array>, ended: Promise<never>): Promise<void> {
  const reader = body.getReader();
  let pause = Promise.resolve();
  let next = readChunk(reader);
  for (;;) {
    const isDue = !intake.isEmpty && (await Promise.race([pause.then(() => true), next.then(() => false)]));
    if (isDue) {
      await intake.flush();
      pause = scheduler.wait(COMMIT_PAUSE_MS);
      continue;
    }
    const { done, value } = await Promise.race([next, ended]);
    if (done) return intake.end();
    await intake.push(value);
    next = readChunk(reader);
  }
}

function asRefusal(error: unknown): unknown {
  return error instanceof LineTooLongError ? tooLarge(error.message) : error;
}

/**
 * Takes the events of a request (agent-tasks 9); an absent body asks how far the source is. A refusal is an ApiError that
 * tells the last number accepted; what was committed before it stays. `ended` rejects once the sender may send no more.
 */
export async function takeEvents(
  body: ReadableStream<Uint8Array> | null,
  take: (step: SourceStep) => Promise<SourceAnswer>,
  ended: Promise<never>,
): Promise<IntakeReport> {
  const intake = new Intake(take);
  await intake.step({ kind: "ask" });
  if (!body) return intake.report;
  try {
    await readBody(intake, body, ended).catch(async (error: unknown) => {
      // What came before the line that is refused is as good as if the request had ended there.
      await intake.flush();
      throw asRefusal(error);
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { last_accepted_seq } = intake.report;
    throw new ApiError(error.code, error.message, { bareFields: { last_accepted_seq } });
  }
  return intake.report;
}
