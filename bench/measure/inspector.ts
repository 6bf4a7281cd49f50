import { z } from "zod";

const targets = z.array(z.object({ id: z.string(), webSocketDebuggerUrl: z.string() }));
const answer = z.object({ id: z.int().optional(), result: z.unknown().optional() });
const heap = z.object({ usedSize: z.number(), backingStorageSize: z.number().default(0) });
const stopped = z.object({
  profile: z.object({
    nodes: z.array(z.object({ id: z.int(), callFrame: z.object({ functionName: z.string(), lineNumber: z.int() }) })),
    samples: z.array(z.int()),
    timeDeltas: z.array(z.number()),
  }),
});

/** Functions without a name are told apart by their line in the bundle. */
function nameOf({ functionName, lineNumber }: { functionName: string; lineNumber: number }): string {
  return functionName === "" ? `(anonymous, line ${lineNumber + 1})` : functionName;
}

/** What stands in a profile for time in which no JavaScript ran. */
const IDLE = new Set(["(idle)", "(root)"]);

/** The inspector of one Worker in workerd, as far as its profiler goes. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result } = answer.parse(JSON.parse(String(data)));
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  /** Connects to the Worker whose name the target's id ends in. */
  static async connect(port: number, worker: string): Promise<Inspector> {
    const listed = targets.parse(await (await fetch(`http://127.0.0.1:${port}/json`)).json());
    const target = listed.find(({ id }) => id.endsWith(worker));
    if (!target) throw new Error(`no Worker ${worker} to inspect among ${listed.map(({ id }) => id).join(", ")}`);
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    const opened = Promise.withResolvers<void>();
    socket.addEventListener("open", () => opened.resolve());
    socket.addEventListener("error", () => opened.reject(new Error(`cannot inspect ${worker}`)));
    await opened.promise;
    return new Inspector(socket);
  }

  /**
   * Milliseconds of CPU that the Worker's JavaScript took while the work was done, the functions it went to, and the lines
   * of the bundle, from 0, on which functions begin that were seen at work.
   */
  async profile(
    work: () => Promise<void>,
  ): Promise<{ total: number; functions: Map<string, number>; lines: Set<number> }> {
    await this.#call("Profiler.enable");
    await this.#call("Profiler.setSamplingInterval", { interval: 500 });
    await this.#call("Profiler.start");
    await work();
    const { profile } = stopped.parse(await this.#call("Profiler.stop"));
    const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
    const functions = new Map<string, number>();
    let total = 0;
    for (const [index, sample] of profile.samples.entries()) {
      const name = names.get(sample) ?? "";
      const milliseconds = (profile.timeDeltas[index] ?? 0) / 1000;
      functions.set(name, (functions.get(name) ?? 0) + milliseconds);
      if (!IDLE.has(name)) total += milliseconds;
    }
    return { total, functions, lines: new Set(profile.nodes.map(({ callFrame }) => callFrame.lineNumber)) };
  }

  /** Bytes that are in use once the garbage is away. */
  async heap(): Promise<number> {
    await this.#call("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize } = heap.parse(await this.#call("Runtime.getHeapUsage"));
    return usedSize + backingStorageSize;
  }

  close(): void {
    this.#socket.close();
  }

  #call(method: string, params: object = {}): Promise<unknown> {
    this.#last += 1;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#last, resolve);
    this.#socket.send(JSON.stringify({ id: this.#last, method, params }));
    return promise;
  }
}
