import { readConfig } from "../../config.ts";
import { connect } from "../../db/client.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import type {
  CommandEnding,
  OutputStream,
  Produced,
  Sandbox,
  SandboxCommand,
  SandboxHost,
  SandboxLimits,
} from "../../sandbox/port.ts";
import { applySchema } from "../../objects/object-schema.ts";
import { TIMER_SCHEMA, Timers } from "../../objects/timers.ts";
import { Announcement } from "../../objects/announcement.ts";
import { INPUT_SCHEMA } from "../commands/command-input.ts";
import { COMMAND_SCHEMA, CommandLog, type CommandRow, hasTerminal } from "../commands/command-log.ts";
import { EnvironmentTerminals } from "../terminals/environment-terminals.ts";
import { PROJECT_DELAY_MS, PROJECT_RETRY_MS, projectEnvironment } from "./environment-projection.ts";
import {
  becomeFailed,
  becomeReady,
  becomeTornDown,
  changeState,
  type EndReason,
  type EnvironmentRecord,
  isOver,
} from "./environment-record.ts";
import { openEnvironmentSandbox, openSecrets } from "./environment-sandbox.ts";
import type { Services } from "../instruction.ts";
import { EnvironmentUploads } from "../uploads/environment-uploads.ts";
import { UPLOAD_SCHEMA } from "../uploads/upload-log.ts";
import { LongWork } from "../../objects/long-work.ts";
import { LOG_SCHEMA, ProvisioningLog } from "./provisioning-log.ts";

type EnvironmentTimer =
  | "project"
  | "expire"
  | "provision"
  | "destroy"
  | "pulse"
  | "viewers"
  | "wake"
  | "forget"
  | "uploads";

const RECORD = "environment";

/** How often an object that is at work is woken: one that nobody asks anything goes to sleep, and its work with it. */
const PULSE_MS = 10_000;
/** How often those who are connected to terminals are looked at: a key that has ended is let in for 10 seconds at most. */
const VIEWERS_MS = 6_000;
/** How long after its time a command is given up that nobody has told the end of. */
const OVERDUE_MS = 30_000;
/** How long commands and logs can be read after the end. */
const KEPT_AFTER_END_MS = 24 * 3_600_000;

/**
 * The state of an environment and everything that changes it: the host of its sandbox. A change is committed with the
 * timers that finish what it begins, then its row in D1 is written.
 */
export class EnvironmentCore implements SandboxHost {
  readonly commands: CommandLog;
  readonly lines: ProvisioningLog;
  readonly uploads: EnvironmentUploads;
  readonly terminals: EnvironmentTerminals;
  /** Rung when a command writes or ends, and when the environment is ready or over. */
  readonly news = new Announcement();
  readonly #ctx: DurableObjectState;
  readonly #env: Cloudflare.Env;
  readonly #timers: Timers<EnvironmentTimer>;
  #record: EnvironmentRecord | undefined;
  #sandbox: Sandbox | undefined;
  readonly #work = new LongWork();

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    this.#ctx = ctx;
    this.#env = env;
    this.#timers = new Timers(ctx.storage);
    this.commands = new CommandLog(ctx.storage.sql, readConfig(env).SANDBOX_OUTPUT_MAX_BYTES);
    this.lines = new ProvisioningLog(ctx.storage.sql);
    this.uploads = new EnvironmentUploads(
      ctx.storage.sql,
      () => this.sandbox.files,
      async (time) => {
        this.#timers.set("uploads", time);
        await this.#timers.arm();
      },
    );
    this.terminals = new EnvironmentTerminals(ctx, {
      commands: this.commands,
      interaction: () => (this.#record && !isOver(this.#record.row) ? this.sandbox.interaction : undefined),
      kill: (id) => this.sandbox.kill(id),
    });
    this.#record = ctx.storage.kv.get<EnvironmentRecord>(RECORD);
    if (!this.#record) return;
    ctx.storage.transactionSync(() => this.#migrate());
    if (!isOver(this.#record.row) && !this.sandbox.outlivesObject) this.#loseCommands();
  }

  /** Undefined before the environment's creation. */
  get record(): EnvironmentRecord | undefined {
    return this.#record;
  }

  /** The sandbox of an environment that was created. */
  get sandbox(): Sandbox {
    if (!this.#record) throw new Error("The environment was not created");
    return (this.#sandbox ??= openEnvironmentSandbox(this.#ctx, this.#env, this.#record, this));
  }

  /** Stores a new environment and begins to provision it; resolves when that is done, or goes on without the caller. */
  async begin(record: EnvironmentRecord): Promise<void> {
    await this.#commit(record, () => {
      this.#timers.set("expire", record.row.expiresAt.getTime());
      this.#timers.set("provision", Date.now() + PULSE_MS);
    });
    await this.#provision();
  }

  /** Changes the record without a change of what goes on in the sandbox. */
  async change(record: EnvironmentRecord): Promise<void> {
    await this.#commit(record, () => {
      if (!isOver(record.row)) this.#timers.set("expire", record.row.expiresAt.getTime());
    });
  }

  /** Ends the environment: its commands are killed, its sandbox is given back afterwards. */
  async tearDown(why: EndReason): Promise<void> {
    const record = this.#record;
    if (!record || isOver(record.row)) return;
    const now = Date.now();
    await this.#commit(becomeTornDown(record, why, now), () => this.#close(now, why));
    this.#announceEnds();
    void this.#destroy();
  }

  /**
   * Records a command as running and hands it to the sandbox, which may still fail to start it. `idleSeconds`: how long its
   * terminal may be without anybody who is connected.
   */
  async start(command: SandboxCommand, background: boolean, idleSeconds: number | null = null): Promise<CommandRow> {
    const { id, cwd, limits, tty, keepsInput } = command;
    const row = this.#ctx.storage.transactionSync(() => {
      this.#timers.set("pulse", Date.now() + PULSE_MS);
      return this.commands.begin(
        { id, command: command.command, cwd, background, seconds: limits.seconds, tty, keepsInput, idleSeconds },
        Date.now(),
      );
    });
    await this.#timers.arm();
    try {
      await this.sandbox.start(command);
    } catch (error) {
      logBackgroundFailure("startCommand", error);
      await this.ended(id, { status: "lost", reason: "The sandbox could not be told to start the command." });
    }
    return row;
  }

  async building(isBuilding: boolean): Promise<void> {
    const record = this.#record;
    const [from, to] = isBuilding ? (["provisioning", "building"] as const) : (["building", "provisioning"] as const);
    if (record?.row.state === from) await this.#commit(changeState(record, to), () => undefined);
  }

  async ready(services: Services, limits?: SandboxLimits): Promise<void> {
    const record = this.#record;
    if (!record || (record.row.state !== "provisioning" && record.row.state !== "building")) return;
    const ready = becomeReady(record, services, limits);
    for (const warning of ready.row.warnings) this.lines.add(warning);
    this.lines.add("The environment is ready.");
    await this.#commit(ready, () => this.#timers.clear("provision"));
    this.news.announce();
  }

  async failed(reason: string): Promise<void> {
    const record = this.#record;
    if (!record || isOver(record.row)) return;
    this.lines.add(reason);
    const now = Date.now();
    await this.#commit(becomeFailed(record, reason, now), () => this.#close(now, "failed"));
    this.#announceEnds();
    void this.#destroy();
  }

  output(commandId: string, stream: OutputStream, offset: number, bytes: Uint8Array): number | undefined {
    const stored = this.#ctx.storage.transactionSync(() => this.commands.append(commandId, stream, offset, bytes));
    this.news.announce();
    const row = this.commands.find(commandId);
    if (stored === undefined || !row || !hasTerminal(row)) return stored;
    return this.terminals.wrote(commandId, stored, bytes.byteLength);
  }

  inputTaken(commandId: string): void {
    this.terminals.inputTaken(commandId);
  }

  async ended(commandId: string, ending: CommandEnding): Promise<void> {
    const isNews = this.#ctx.storage.transactionSync(() => {
      const changed = this.commands.end(commandId, ending, Date.now());
      if (changed && this.commands.running().length === 0) this.#timers.clear("pulse");
      return changed;
    });
    if (!isNews) return;
    this.#announceEnds();
    await this.#timers.arm();
  }

  /** Has those who are connected to terminals looked at from now on. */
  async watchViewers(): Promise<void> {
    if (this.#timers.has("viewers")) return;
    this.#timers.set("viewers", Date.now() + VIEWERS_MS);
    await this.#timers.arm();
  }

  stored(commandId: string): Produced | undefined {
    const row = this.commands.find(commandId);
    return row?.ended === null ? { stdout: row.stdout_kept, stderr: row.stderr_kept } : undefined;
  }

  running(): string[] {
    return this.commands.running().map(({ id }) => id);
  }

  log(line: string): void {
    this.lines.add(line);
  }

  async wakeAt(time: number): Promise<void> {
    this.#timers.set("wake", time);
    await this.#timers.arm();
  }

  /** Does what is due; everything may be repeated. Work that takes long goes on beside it. */
  async alarm(): Promise<void> {
    if (!this.#record) return;
    for (const timer of this.#timers.due(Date.now())) await this.#ring(timer, this.#record);
    await this.#timers.arm();
  }

  async #ring(timer: EnvironmentTimer, record: EnvironmentRecord): Promise<void> {
    switch (timer) {
      case "project":
        return this.#project(record);
      case "expire":
        // An alarm that is repeated may come for a timer whose time has not.
        if (Date.now() < record.row.expiresAt.getTime()) return;
        this.#timers.clear("expire");
        return this.tearDown("expired");
      case "provision":
        this.#timers.set("provision", Date.now() + PULSE_MS);
        void this.#provision();
        return;
      case "destroy":
        this.#timers.set("destroy", Date.now() + PULSE_MS);
        void this.#destroy();
        return;
      case "pulse":
        return this.#pulse();
      case "viewers":
        this.#timers.set("viewers", Date.now() + VIEWERS_MS);
        if (this.terminals.hasViewers) return this.terminals.checkViewers(connect(this.#env.DB), new Date());
        return this.#timers.clear("viewers");
      case "wake":
        this.#timers.clear("wake");
        return this.#sandbox === undefined && isOver(record.row) ? undefined : this.sandbox.wake?.();
      case "uploads":
        this.#timers.clear("uploads");
        return isOver(record.row) ? undefined : this.uploads.sweep(Date.now());
      case "forget":
        if (Date.now() < (record.row.endedAt?.getTime() ?? 0) + KEPT_AFTER_END_MS) return;
        this.#timers.clear("forget");
        this.#ctx.storage.transactionSync(() => {
          this.commands.clear();
          this.terminals.input.clear();
          this.lines.clear();
        });
    }
  }

  /** What an end takes with it, within the transaction that records it. */
  #close(now: number, why: EndReason | "failed"): void {
    const reason = { deleted: "The environment was deleted.", expired: "The environment's time was up." };
    for (const { id, stdout_total: stdout, stderr_total: stderr } of this.commands.running()) {
      if (why === "failed") this.commands.end(id, { status: "lost", reason: "The sandbox is gone." }, now);
      else this.commands.end(id, { status: "killed", produced: { stdout, stderr } }, now, reason[why]);
    }
    for (const timer of ["expire", "provision", "pulse", "uploads"] as const) this.#timers.clear(timer);
    this.uploads.clear();
    this.#timers.set("destroy", now + PULSE_MS);
    this.#timers.set("forget", now + KEPT_AFTER_END_MS);
  }

  #announceEnds(): void {
    this.news.announce();
    this.terminals.ended();
  }

  async #pulse(): Promise<void> {
    const now = Date.now();
    await this.terminals.closeIdle(now);
    for (const { id, started, seconds } of this.commands.running()) {
      if (now < started + seconds * 1000 + OVERDUE_MS) continue;
      this.commands.end(id, { status: "lost", reason: "The sandbox never said how the command ended." }, now);
      this.#announceEnds();
    }
    if (this.commands.running().length === 0) this.#timers.clear("pulse");
    else this.#timers.set("pulse", now + PULSE_MS);
  }

  #provision(): Promise<void> {
    return this.#work.run("provisionEnvironment", async () => {
      const record = this.#record;
      if (record?.row.state !== "provisioning" && record?.row.state !== "building") return;
      const fault = await openSecrets(this.#env, record).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      await (fault === undefined ? this.sandbox.provision() : this.failed(`${fault}.`));
    });
  }

  #destroy(): Promise<void> {
    return this.#work.run("destroyEnvironment", async () => {
      await this.sandbox.destroy();
      this.lines.add("The sandbox is gone.");
      this.#forgetSecrets();
      this.#timers.clear("destroy");
      await this.#timers.arm();
    });
  }

  /** They were kept for the teardown script. */
  #forgetSecrets(): void {
    if (!this.#record?.secrets) return;
    const { secrets: _forgotten, ...record } = this.#record;
    this.#record = record;
    this.#ctx.storage.kv.put(RECORD, record);
  }

  /** The object was away, and with it the commands that ran in it: nobody knows how far they came. */
  #loseCommands(): void {
    const reason = "The server restarted while the command ran: how far it came is not known.";
    for (const { id } of this.commands.running()) this.commands.end(id, { status: "lost", reason }, Date.now());
  }

  #migrate(): void {
    applySchema(this.#ctx.storage.sql, [COMMAND_SCHEMA, INPUT_SCHEMA, LOG_SCHEMA, TIMER_SCHEMA, UPLOAD_SCHEMA]);
  }

  async #commit(record: EnvironmentRecord, also: () => void): Promise<void> {
    // A new environment's row was there before its object: it holds a place.
    const isShown = record.row.revision === (this.#record?.row.revision ?? 0);
    const isLate = record.isShownLate === true && !isOver(record.row);
    this.#ctx.storage.transactionSync(() => {
      if (!this.#record) this.#migrate();
      this.#ctx.storage.kv.put(RECORD, record);
      also();
      if (isShown || (isLate && this.#timers.has("project"))) return;
      this.#timers.set("project", Date.now() + (isLate ? PROJECT_DELAY_MS : PROJECT_RETRY_MS));
    });
    this.#record = record;
    await this.#timers.arm();
    if (!isShown && !isLate) await this.#project(record);
  }

  /** Writes the projection. Its timer stays set until the row shows the latest change. */
  async #project(record: EnvironmentRecord): Promise<void> {
    try {
      await projectEnvironment(connect(this.#env.DB), record.row);
    } catch (error) {
      logBackgroundFailure("projectEnvironment", error);
      this.#timers.set("project", Date.now() + PROJECT_RETRY_MS);
      return this.#timers.arm();
    }
    if (this.#record?.row.revision !== record.row.revision) return;
    this.#timers.clear("project");
    await this.#timers.arm();
  }
}
