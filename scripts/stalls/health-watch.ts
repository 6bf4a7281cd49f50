/** Asks `/health` again and again from a thread of its own, so that making large bodies here delays nothing there. */
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { z } from "zod";
import { processesOf, processorTime } from "./server-time.ts";

/** Milliseconds between an answer and the next question. */
const PAUSE_MS = 25;
/** Milliseconds after which a question counts as not answered. */
const PATIENCE_MS = 120_000;

const measured = z.object({ waited: z.number(), held: z.number() });
const watched = z.object({ url: z.string(), group: z.int() });

/**
 * The longest that `/health` took while something else went on, and the longest that the server itself had it wait, in
 * milliseconds: what went by without processor time of the server's went to other programs of the machine. Where the system
 * does not tell processor times, both are the same.
 */
export type Health = z.output<typeof measured>;

export class HealthWatch {
  readonly #thread: Worker;

  /** `group` is the process group of the server. */
  constructor(baseUrl: string, group: number) {
    this.#thread = new Worker(new URL(import.meta.url), { workerData: { url: `${baseUrl}/health`, group } });
  }

  /** What was longest since the last call; the question under way is waited for. */
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

async function watch({ url, group }: z.output<typeof watched>, port: NonNullable<typeof parentPort>): Promise<never> {
  const pids = processesOf(group);
  let longest: Health = { waited: 0, held: 0 };
  let isWaitedFor = false;
  port.on("message", () => (isWaitedFor = true));
  for (;;) {
    const started = { at: performance.now(), used: processorTime(pids) };
    let isAnswered = true;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
      await response.arrayBuffer();
    } catch {
      isAnswered = false;
    }
    const waited = isAnswered ? performance.now() - started.at : PATIENCE_MS;
    const used = pids.length > 0 && isAnswered ? processorTime(pids) - started.used : waited;
    longest = { waited: Math.max(longest.waited, waited), held: Math.max(longest.held, Math.min(waited, used)) };
    if (isWaitedFor) {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of Node has no origin
      port.postMessage(longest);
      [longest, isWaitedFor] = [{ waited: 0, held: 0 }, false];
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

if (!isMainThread && parentPort) void watch(watched.parse(workerData), parentPort);
