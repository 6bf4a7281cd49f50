/** Asks `/health` again and again from a thread of its own, so that making large bodies here delays nothing there. */
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { z } from "zod";

/** Milliseconds between an answer and the next question. */
const PAUSE_MS = 25;
/** Milliseconds after which a question counts as not answered. */
const PATIENCE_MS = 120_000;

const measured = z.object({ longest: z.number(), asked: z.int() });

/** What `/health` took while something else went on. */
export type Health = z.output<typeof measured>;

export class HealthWatch {
  readonly #thread: Worker;

  constructor(baseUrl: string) {
    this.#thread = new Worker(new URL(import.meta.url), { workerData: `${baseUrl}/health` });
  }

  /** The longest answer since the last call, in milliseconds; that of the question under way is waited for. */
  async sinceLast(): Promise<Health> {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node has no origin
    this.#thread.postMessage("tell");
    const [message] = await once(this.#thread, "message");
    return measured.parse(message);
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}

async function watch(url: string, port: NonNullable<typeof parentPort>): Promise<never> {
  let longest = 0;
  let asked = 0;
  let isWaitedFor = false;
  port.on("message", () => (isWaitedFor = true));
  for (;;) {
    const started = performance.now();
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
      await response.arrayBuffer();
    } catch {
      longest = Math.max(longest, PATIENCE_MS);
    }
    longest = Math.max(longest, performance.now() - started);
    asked += 1;
    if (isWaitedFor) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node has no origin
      port.postMessage({ longest, asked });
      [longest, asked, isWaitedFor] = [0, 0, false];
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

if (!isMainThread && parentPort) void watch(z.string().parse(workerData), parentPort);
