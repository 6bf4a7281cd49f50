import { randomUUID } from "node:crypto";
import {
  POOL_CLOSE_CODES,
  POOL_PROTOCOL,
  poolMessage,
  type RunnerMessage,
  type WorkKind,
} from "../../pool/pool-protocol.ts";
import { Link } from "./link.ts";
import type { Server } from "./server.ts";
import type { HeldWork, Say } from "./held-work.ts";

/**
 * Leases after which a pool that is not reached has long given the work to others, or up: an environment waits for two at
 * most. One more is for a server that starts again slowly.
 */
const LEASES_ALONE = 3;

/** Until the pool has said how often it wants to hear. */
const FIRST_PING_MS = 10_000;

export interface PoolClientOptions {
  server: Server;
  org: string;
  name: string;
  slots: number;
  labels: string[];
  capabilities: readonly string[];
  kinds: WorkKind[];
  /** Takes up work that was granted. */
  begin: (kind: WorkKind, details: unknown) => HeldWork;
  say: Say;
}

/** The runner's side of its organization's pool (docs/runner.md): takes offers as long as there is a free slot. */
export class PoolClient {
  readonly #options: PoolClientOptions;
  readonly #link: Link;
  readonly #id = randomUUID();
  readonly #held = new Map<string, HeldWork>();
  /** Work that is over, as long as the pool may not know. */
  readonly #done = new Map<string, Extract<RunnerMessage, { work_id: string }>>();
  /** Offers that were claimed and not answered. */
  readonly #claimed = new Set<string>();
  #slots: number;
  #leaseMs: number | undefined;
  /** Set while the pool is not reached. */
  #alone: NodeJS.Timeout | undefined;

  constructor(options: PoolClientOptions) {
    this.#options = options;
    this.#slots = options.slots;
    this.#link = new Link({
      url: options.server.socketUrl(`/api/v1/org/${options.org}/runners/connect`),
      token: options.server.token,
      pingMs: FIRST_PING_MS,
      onOpen: () => this.#greet(),
      onDown: () => this.#beAlone(),
      onText: (text) => this.#receive(text),
      isFinal: (code) => code === POOL_CLOSE_CODES.malformed || code === POOL_CLOSE_CODES.replaced,
    });
  }

  /** Settles when the connection has ended for good, with its last code. */
  run(): Promise<number> {
    return this.#link.run();
  }

  /**
   * Takes no more work, gives what is in hand `graceMs` to end, then hands it back, and leaves. What was set up on this
   * machine is cleared away before this settles.
   */
  async leave(graceMs: number): Promise<void> {
    this.#slots = 0;
    this.#send({ type: "slots", slots: 0 });
    const all = () => Promise.all([...this.#held.values()].map(({ finished }) => finished));
    await Promise.race([all(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    this.#giveBack(`The runner ${this.#options.name} stops`, "the runner stops");
    await all();
    clearTimeout(this.#alone);
    this.#link.stop();
  }

  #greet(): void {
    const { name, labels, capabilities, kinds } = this.#options;
    const holds = [...this.#held.keys(), ...this.#done.keys()];
    this.#claimed.clear();
    this.#send({
      type: "hello",
      protocol: POOL_PROTOCOL,
      runner_id: this.#id,
      name,
      slots: this.#slots,
      labels,
      capabilities: [...capabilities],
      kinds,
      holds,
    });
  }

  #receive(text: string): void {
    const message = poolMessage.parse(JSON.parse(text));
    switch (message.type) {
      case "welcome":
        this.#link.pingMs = message.ping_seconds * 1000;
        this.#leaseMs = message.lease_seconds * 1000;
        clearTimeout(this.#alone);
        this.#alone = undefined;
        this.#options.say(`connected to the pool of ${this.#options.org}`);
        for (const workId of message.gone) this.#lose(workId, "the work is no longer this runner's");
        for (const last of this.#done.values()) this.#send(last);
        return this.#done.clear();
      case "offer":
        if (this.#held.size + this.#claimed.size >= this.#slots) return;
        this.#claimed.add(message.work_id);
        return this.#send({ type: "claim", work_id: message.work_id });
      case "taken":
        this.#claimed.delete(message.work_id);
        return;
      case "grant":
        this.#claimed.delete(message.work_id);
        return this.#begin(message.work_id, message.kind, message.details);
      case "revoke":
        return this.#lose(message.work_id, message.reason);
    }
  }

  /** Ends what it holds when nobody has been reached for so long that the work is no longer its own. */
  #beAlone(): void {
    if (this.#leaseMs === undefined) return;
    this.#alone ??= setTimeout(() => {
      if (this.#held.size > 0) this.#options.say("the pool has not been reached for three leases: all work is ended");
      this.#giveBack(`The runner ${this.#options.name} was alone for longer than its lease`, "the lease was lost");
    }, LEASES_ALONE * this.#leaseMs);
  }

  #begin(workId: string, kind: WorkKind, details: unknown): void {
    const work = this.#options.begin(kind, details);
    this.#held.set(workId, work);
    void work.finished.then(() => this.#end({ type: "done", work_id: workId }));
  }

  /** Stops all that it holds; `reason` is for the pool, `why` for the work. */
  #giveBack(reason: string, why: string): void {
    for (const [workId, work] of this.#held) {
      this.#end({ type: "give_back", work_id: workId, reason });
      work.stop(why);
    }
  }

  /** The pool has taken the work back or given it to another runner: its end is not reported. */
  #lose(workId: string, reason: string): void {
    this.#done.delete(workId);
    const work = this.#held.get(workId);
    work?.stop(reason);
  }

  /** Tells how the work ended, once; again after a break, if the connection is down now. */
  #end(last: Extract<RunnerMessage, { work_id: string }>): void {
    if (last.type === "done" && !this.#held.delete(last.work_id)) return;
    if (this.#link.isOpen) this.#send(last);
    // What was given back is not done when it has stopped.
    else if (!this.#done.has(last.work_id)) this.#done.set(last.work_id, last);
  }

  #send(message: RunnerMessage): void {
    this.#link.send(message);
  }
}
