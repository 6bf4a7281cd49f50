import { logBackgroundFailure } from "../http/request-log.ts";

/** Work of an object that goes on beside its calls, each once at a time. What fails is begun anew by its timer. */
export class LongWork {
  readonly #going = new Set<string>();

  async run(name: string, work: () => Promise<void>): Promise<void> {
    if (this.#going.has(name)) return;
    this.#going.add(name);
    try {
      await work();
    } catch (error) {
      logBackgroundFailure(name, error);
    } finally {
      this.#going.delete(name);
    }
  }
}
