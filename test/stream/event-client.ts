/** A frame of server-sent events, with its text as it came. */
export interface EventFrame {
  text: string;
  event?: string;
  id?: string;
  data: string;
}

function parseFrame(text: string): EventFrame {
  const frame: EventFrame = { text, data: "" };
  for (const line of text.split("\n").slice(0, -2)) {
    const [, name = "", value = ""] = /^(event|id|data): (.*)$/.exec(line) ?? [];
    if (name === "") throw new Error(`No field of a frame: ${line}`);
    Object.assign(frame, { [name]: value });
  }
  return frame;
}

/** Milliseconds that a test waits for what must come. */
const PATIENCE_MS = 10_000;

/** Fails when a promise takes too long. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Waited in vain for ${what}`)), PATIENCE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a stream of server-sent events frame by frame. */
export class EventClient {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #buffer = "";
  /** The id of the last frame that had one: where to go on after a break. */
  lastId: string | undefined;

  constructor(response: Response) {
    if (response.status !== 200 || !response.body) throw new Error(`No stream: ${response.status}`);
    this.#reader = response.body.getReader();
  }

  /** The next frame; undefined at the end of the connection. */
  async next(): Promise<EventFrame | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf("\n\n");
      if (end !== -1) {
        const frame = parseFrame(this.#buffer.slice(0, end + 2));
        this.#buffer = this.#buffer.slice(end + 2);
        this.lastId = frame.id ?? this.lastId;
        return frame;
      }
      const { done, value } = await inTime(this.#reader.read(), `a frame after ${this.lastId}`);
      if (done) return undefined;
      this.#buffer += this.#decoder.decode(value, { stream: true });
    }
  }

  async take(count: number): Promise<EventFrame[]> {
    const frames: EventFrame[] = [];
    while (frames.length < count) {
      const frame = await this.next();
      if (!frame) throw new Error(`The stream ended after ${frames.length} frames`);
      frames.push(frame);
    }
    return frames;
  }

  /** Every frame until the server closes the connection. */
  async rest(): Promise<EventFrame[]> {
    const frames: EventFrame[] = [];
    for (let frame = await this.next(); frame; frame = await this.next()) frames.push(frame);
    return frames;
  }

  /** Goes away as a client does. */
  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}
