import { DurableObject } from "cloudflare:workers";
import { findEndedKeys } from "../auth/ended-keys.ts";
import { readConfig } from "../config.ts";
import { connect } from "../db/client.ts";
import { logBackgroundFailure } from "../http/request-log.ts";
import { applySchema } from "../objects/object-schema.ts";
import { TIMER_SCHEMA, Timers } from "../objects/timers.ts";
import { Messenger } from "./messenger.ts";
import { PING, POOL_CLOSE_CODES, PONG, type RunnerMessage } from "./pool-protocol.ts";
import { POOL_SCHEMA, PoolStore, type RunnerRow, type WorkRow } from "./pool-store.ts";
import { RUNNER_KEY_HEADER } from "./pool-handle.ts";
import { RunnerSockets } from "./runner-sockets.ts";
import { explainWait, type WaitingFor } from "./wait.ts";
import type { Work, WorkOwners } from "./work.ts";

/** Work that waits in one organization at most. */
const MAX_QUEUED = 10_000;
/** Runners of one organization that are connected at the same time. */
const MAX_RUNNERS = 1_000;
/** After which an admission is tried again that failed, in milliseconds. */
const ADMIT_RETRY_MS = 5_000;

/** Milliseconds between two looks at whether the keys of connected runners are still good. */
const KEY_CHECK_MS = 6_000;

const EVER_USED = "everUsed";

/** A runner and what it has, for people. */
export interface RunnerStatus {
  id: string;
  name: string;
  labels: string[];
  capabilities: string[];
  kinds: string[];
  slots: number;
  busy: number;
  connected: boolean;
}

/**
 * Where an organization's runners and its work meet. Work is queued here until a runner with its labels and a free slot
 * claims it: everyone who could is offered it, and the first claim wins. A runner holds work by a lease that its pings
 * prolong; what a runner holds that has not been heard of for so long is lost, and its owner is told.
 */
export abstract class Pool extends DurableObject {
  /** Who stands behind each kind of work: the Worker says it (worker.ts), because the pool knows no feature. */
  protected abstract readonly owners: WorkOwners;

  readonly #store: PoolStore;
  readonly #timers: Timers<"leases" | "events" | "offers" | "keys">;
  readonly #messenger: Messenger;
  readonly #sockets: RunnerSockets;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    ctx.storage.transactionSync(() => applySchema(ctx.storage.sql, [POOL_SCHEMA, TIMER_SCHEMA]));
    this.#store = new PoolStore(ctx.storage.sql);
    this.#timers = new Timers(ctx.storage);
    this.#messenger = new Messenger(this.#store, (work, event) => this.owners[work.kind].tell(env, work, event));
    this.#sockets = new RunnerSockets(ctx);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /**
   * Queues work, unless it is there under its id, or is done and its owner has not heard of that: the request may have come
   * before, and its answer may have been lost. False: the queue is full.
   */
  enqueue(work: Work): boolean {
    if (this.#store.work(work.id) || this.#store.hasUntold(work.id)) return true;
    if (this.#store.countWork(null) >= MAX_QUEUED) return false;
    if (this.#store.queue(work, Date.now())) this.#offerAll();
    return true;
  }

  /** Takes work back from the queue or from its runner, which is told why. */
  withdraw(workId: string, reason: string): void {
    const work = this.#store.work(workId);
    if (!work) return;
    this.#store.removeWork(workId);
    if (work.runnerId === null) return;
    this.#sockets.send(work.runnerId, { type: "revoke", work_id: workId, reason });
    this.#offer(work.runnerId);
  }

  /** Whether a runner of this organization has ever connected. */
  everUsed(): boolean {
    return this.ctx.storage.kv.get(EVER_USED) === true;
  }

  /** What each of these environments or runs waits for; those that are not queued are left out. */
  waits(ownerIds: readonly string[]): Record<string, WaitingFor> {
    const queued = ownerIds.map((id) => [id, this.#store.queuedAttempt(id)] as const);
    const { runners } = this.describe();
    return Object.fromEntries(
      queued.flatMap(([id, work]) => (work ? [[id, explainWait(work, runners, this.everUsed())]] : [])),
    );
  }

  describe(): { runners: RunnerStatus[]; queued: number } {
    const runners = this.#store.runners().map(({ id, name, labels, capabilities, kinds, slots }) => {
      const connected = this.#sockets.find(id) !== undefined;
      return { id, name, labels, capabilities, kinds, slots, busy: this.#store.countWork(id), connected };
    });
    return { runners, queued: this.#store.countWork(null) };
  }

  /** A runner's handshake, which the Worker has admitted. */
  override async fetch(request: Request): Promise<Response> {
    if (this.#sockets.size >= MAX_RUNNERS) return new Response(null, { status: 503 });
    if (!this.#timers.has("keys")) {
      this.#timers.set("keys", Date.now() + KEY_CHECK_MS);
      await this.#timers.arm();
    }
    return this.#sockets.accept(request.headers.get(RUNNER_KEY_HEADER) ?? "");
  }

  override async webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    const message = this.#sockets.read(socket, text);
    if (!message) return;
    if (message.type === "hello") this.#greet(socket, message);
    else await this.#hear(socket, message);
    await this.#settle();
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    // Ends the handshake, for which the runner waits.
    socket.close();
    const runner = this.#runnerOf(socket);
    if (!runner || this.#sockets.find(runner.id) !== undefined) return;
    if (this.#store.countWork(runner.id) === 0) this.#store.forgetRunner(runner.id);
    else this.#store.saveRunner({ ...runner, heardAt: Date.now() });
    await this.#settle();
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket);
  }

  override async alarm(): Promise<void> {
    for (const timer of this.#timers.due(Date.now())) {
      this.#timers.clear(timer);
      if (timer === "leases") this.#endLeases(Date.now());
      else if (timer === "offers") this.#offerAll();
      else if (timer === "keys") await this.#checkKeys();
    }
    await this.#settle();
  }

  /** Ends connections of keys that are good no more: one query for all, every few seconds while runners are connected. */
  async #checkKeys(): Promise<void> {
    const { keyIds } = this.#sockets;
    if (keyIds.length === 0) return;
    this.#timers.set("keys", Date.now() + KEY_CHECK_MS);
    try {
      const ended = await findEndedKeys(connect(this.env.DB), keyIds, new Date());
      // Its environments end their connections to it when they hear of that.
      for (const runnerId of this.#sockets.refuse(ended)) {
        for (const work of this.#store.workOf(runnerId)) this.#lose(work, "The key of its runner was revoked");
      }
    } catch (error) {
      // What cannot be asked now is asked at the next look.
      logBackgroundFailure("checkRunnerKeys", error);
    }
  }

  #greet(socket: WebSocket, hello: Extract<RunnerMessage, { type: "hello" }>): void {
    const { runner_id: id, name, slots, labels, capabilities, kinds, holds } = hello;
    this.#sockets.adopt(socket, id);
    this.ctx.storage.kv.put(EVER_USED, true);
    this.#store.saveRunner({ id, name, slots, labels, capabilities, kinds, heardAt: Date.now() });
    const held = new Set(holds);
    const known = this.#store.workOf(id);
    for (const work of known) {
      if (!held.delete(work.id)) this.#lose(work, `The runner ${name} never took it up`);
    }
    const lease = this.#leaseSeconds;
    this.#sockets.send(id, {
      type: "welcome",
      lease_seconds: lease,
      ping_seconds: lease / 3,
      gone: [...held],
    });
    this.#offer(id);
  }

  async #hear(socket: WebSocket, message: Exclude<RunnerMessage, { type: "hello" }>): Promise<void> {
    const runner = this.#runnerOf(socket);
    if (!runner) return socket.close(POOL_CLOSE_CODES.malformed, "The first message is hello");
    if (message.type === "slots") {
      this.#store.saveRunner({ ...runner, slots: message.slots, heardAt: Date.now() });
      return this.#offer(runner.id);
    }
    const work = this.#store.work(message.work_id);
    if (message.type === "claim") return await this.#claim(runner, message.work_id, work);
    if (work?.runnerId === runner.id) {
      if (message.type === "give_back") this.#lose(work, message.reason);
      else this.#finish(work);
    }
    // Also of work that was taken back: until now the runner had no room for what it was offered then.
    this.#offer(runner.id);
  }

  /** Gives queued work to the runner, in one turn of the object; then asks the owner what to tell it. */
  async #claim(runner: RunnerRow, workId: string, work: WorkRow | undefined): Promise<void> {
    const isFree = this.#store.countWork(runner.id) < runner.slots && runner.kinds.some((kind) => kind === work?.kind);
    const isAble = work?.capabilities.every((word) => runner.capabilities.includes(word));
    if (!work || work.runnerId !== null || !isFree || !isAble) {
      this.#sockets.send(runner.id, { type: "taken", work_id: workId });
      return this.#offer(runner.id);
    }
    this.#store.assign(workId, runner.id);
    const details = await this.#admit(work, runner);
    const isStillIts = this.#store.work(workId)?.runnerId === runner.id;
    if (details && isStillIts) {
      this.#store.tell(work, { kind: "claimed", runner: runner.name }, Date.now());
      this.#sockets.send(runner.id, { type: "grant", work_id: workId, kind: work.kind, details });
      return;
    }
    if (isStillIts) this.#finish(work);
    this.#sockets.send(runner.id, { type: "taken", work_id: workId });
    this.#offer(runner.id);
  }

  /** What the runner is told; undefined for work that nobody wants any more, or whose owner cannot be asked now. */
  async #admit(work: WorkRow, runner: RunnerRow): Promise<Record<string, unknown> | undefined> {
    try {
      return await this.owners[work.kind].admit(this.env, work, runner.name);
    } catch (error) {
      logBackgroundFailure(`admit ${work.kind}`, error);
      // Back to the queue, and not at once to the next runner.
      this.#store.assign(work.id, null);
      this.#timers.set("offers", Date.now() + ADMIT_RETRY_MS);
      return undefined;
    }
  }

  #finish(work: WorkRow): void {
    this.#store.removeWork(work.id);
    this.#store.tell(work, { kind: "over" }, Date.now());
  }

  #lose(work: WorkRow, reason: string): void {
    this.#store.removeWork(work.id);
    this.#store.tell(work, { kind: "lost", reason }, Date.now());
  }

  /** Offers a runner the work that it has free slots for. */
  #offer(runnerId: string): void {
    const runner = this.#store.runner(runnerId);
    const free = runner ? runner.slots - this.#store.countWork(runnerId) : 0;
    if (!runner || free <= 0 || !this.#sockets.find(runnerId)) return;
    for (const { id, kind } of this.#store.queuedFor(runner, free)) {
      this.#sockets.send(runnerId, { type: "offer", work_id: id, kind });
    }
  }

  #offerAll(): void {
    for (const { id } of this.#store.runners()) this.#offer(id);
  }

  /**
   * Loses the work of runners that were not heard of for as long as a lease. What the runtime knows of pings goes with
   * the object, so it is stored.
   */
  #endLeases(now: number): void {
    for (const runner of this.#store.runners()) {
      const pingedAt = this.#sockets.pingedAt(runner.id) ?? 0;
      if (pingedAt > runner.heardAt) this.#store.saveRunner({ ...runner, heardAt: pingedAt });
      if (now - Math.max(runner.heardAt, pingedAt) < this.#leaseSeconds * 1000) continue;
      this.#sockets.find(runner.id)?.close(POOL_CLOSE_CODES.expired, "Nothing was heard for too long");
      for (const work of this.#store.workOf(runner.id)) this.#lose(work, `The runner ${runner.name} has vanished`);
      this.#store.forgetRunner(runner.id);
    }
  }

  /** Tells what is to be told, and sets the timers. */
  async #settle(): Promise<void> {
    const due = await this.#messenger.deliver();
    if (due !== undefined) this.#timers.set("events", due);
    if (this.#store.isAnyHeld() && !this.#timers.has("leases")) {
      this.#timers.set("leases", Date.now() + (this.#leaseSeconds * 1000) / 3);
    }
    await this.#timers.arm();
  }

  #runnerOf(socket: WebSocket): RunnerRow | undefined {
    const id = this.#sockets.idOf(socket);
    return id === undefined ? undefined : this.#store.runner(id);
  }

  get #leaseSeconds(): number {
    return readConfig(this.env).RUNNER_LEASE_SECONDS;
  }
}
