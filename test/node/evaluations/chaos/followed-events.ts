import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosWorld } from "./chaos-world.ts";

/** An event of an evaluation, as far as the test goes. */
export interface Told {
  type: string;
  item?: { position: number; item_status: string; try: number };
  counts: Record<string, number>;
}

/** Milliseconds before a connection that broke is opened anew. */
const PAUSE_MS = 300;

/** The events of an evaluation as a client sees them that goes on after the last id whenever its connection breaks. */
export class FollowedEvents {
  readonly ids: string[] = [];
  readonly told: Told[] = [];
  readonly #world: ChaosWorld;
  readonly #path: string;

  constructor(world: ChaosWorld, path: string) {
    this.#world = world;
    this.#path = path;
  }

  /** How many items have ended, as far as it was told. */
  get ended(): number {
    const counts = this.told.at(-1)?.counts ?? {};
    return ["passed", "failed", "timed_out", "infra_error", "cancelled"].reduce(
      (sum, status) => sum + (counts[status] ?? 0),
      0,
    );
  }

  get isOver(): boolean {
    return this.told.at(-1)?.type === "evaluation-end";
  }

  /** Follows the evaluation to its end. */
  async follow(): Promise<void> {
    while (!this.isOver) {
      try {
        await this.#connect();
      } catch {
        // The server is gone, and comes back.
      }
      if (!this.isOver) await sleep(PAUSE_MS);
    }
  }

  async #connect(): Promise<void> {
    const { base_url: url, api_key: key } = this.#world.connection;
    const last = this.ids.at(-1);
    const headers = { Authorization: `Bearer ${key}`, ...(last !== undefined && { "Last-Event-ID": last }) };
    const response = await fetch(url + this.#path, { headers });
    if (!response.ok) return response.body?.cancel();
    let text = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const frames = (text + chunk).split("\n\n");
      text = frames.pop() ?? "";
      for (const frame of frames) this.#take(frame);
    }
  }

  #take(frame: string): void {
    const [, id] = /^id: (.*)$/m.exec(frame) ?? [];
    const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
    if (id === undefined || data === undefined || /^event: /m.test(frame)) return;
    this.ids.push(id);
    this.told.push(JSON.parse(data));
  }
}
