import type { ServiceAddress } from "../../sandbox/container-task.ts";
import {
  type EnvironmentMessage,
  environmentMessage,
  type MachineMessage,
  SANDBOX_CLOSE_CODES,
  SANDBOX_PROTOCOL,
  WORK_TOKEN_HEADER,
} from "../../sandbox/runner-protocol.ts";
import { NO_SECRETS, SecretMask } from "../../sandbox/secret-mask.ts";
import { ZipError } from "../../zip/read/zip-error.ts";
import type { Startable } from "../process/command.ts";
import { downloadFile } from "./download.ts";
import type { EnvironmentGrant } from "./environment-grant.ts";
import { HeldCommand } from "./held-command.ts";
import type { LocalSandbox, SandboxSource } from "./local-sandbox.ts";
import { addressesOf, scriptServices, untilReached } from "./service-ports.ts";
import { Link } from "../connection/link.ts";
import type { Server } from "../connection/server.ts";
import type { MachineVariables } from "./machine-variables.ts";
import { runScript, type Script, untilWell } from "./task-script.ts";
import { ArchiveRefused } from "./unpack.ts";
import type { HeldWork, Say } from "../connection/held-work.ts";

export interface EnvironmentOptions {
  /** The server as the runner's key reaches it. */
  server: Server;
  org: string;
  /** Where its commands are to run. */
  sandboxes: SandboxSource;
  /** What of the runner's environment tasks may have. */
  variables: MachineVariables;
}

type Open = Extract<EnvironmentMessage, { type: "open" }>;

/** Milliseconds between pings. */
const PING_MS = 15_000;
/** Characters of a line for the environment's log, and of the reason for a failure. */
const LOG_LINE_LENGTH = 1_000;
const REASON_LENGTH = 3_000;

/** An environment that is kept on this machine: its folder, its commands, and the connection to its object. */
export class EnvironmentSession implements HeldWork {
  readonly finished: Promise<void>;
  readonly #grant: EnvironmentGrant;
  readonly #options: EnvironmentOptions;
  readonly #say: Say;
  readonly #link: Link;
  readonly #commands = new Map<string, HeldCommand>();
  readonly #stopped = new AbortController();
  #sandbox: LocalSandbox | undefined;
  #opening: Promise<void> | undefined;
  #teardown: Script | null = null;
  /** In memory alone, and masked in whatever is sent. */
  #secrets = NO_SECRETS;
  /** What was started beside it. */
  #services: Record<string, ServiceAddress> = {};
  #isReady = false;
  /**
   * Whether commands may tell of themselves on this connection: not before the environment has said what it has of them. An
   * end that came before the output that a broken connection has swallowed would be taken for all.
   */
  #isResumed = true;
  /** Why it could not be set up. */
  #failure: string | undefined;

  constructor(grant: EnvironmentGrant, options: EnvironmentOptions, say: Say) {
    this.#grant = grant;
    this.#options = options;
    this.#say = (line) => say(`environment ${grant.environment_id}: ${line}`);
    this.#link = new Link({
      url: options.server.socketUrl(`${this.#path}/connect`),
      token: options.server.token,
      headers: { [WORK_TOKEN_HEADER]: grant.work_token },
      pingMs: PING_MS,
      onOpen: () => {
        this.#isResumed = !this.#isReady;
        const state = this.#isReady ? "ready" : "new";
        const { terminals } = options.sandboxes;
        const services = this.#services;
        this.#send({
          type: "hello",
          protocol: SANDBOX_PROTOCOL,
          state,
          terminals,
          masks_secrets: true,
          limits: this.#sandbox?.limits,
          services,
        });
      },
      onText: (text) => this.#receive(environmentMessage.parse(JSON.parse(text))),
      isFinal: (code) => Object.values<number>(SANDBOX_CLOSE_CODES).includes(code),
    });
    this.finished = this.#run();
  }

  stop(reason: string): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort(reason);
    this.#link.stop();
  }

  get #path(): string {
    return `/api/v1/org/${this.#options.org}/runners/environments/${this.#grant.environment_id}`;
  }

  async #run(): Promise<void> {
    try {
      await this.#link.run();
      this.#stopped.abort("the environment is no longer");
      for (const command of this.#commands.values()) command.kill();
      await this.#opening;
      await Promise.all([...this.#commands.values()].map(({ finished }) => finished));
      if (this.#isReady && this.#teardown)
        await this.#runScript("teardown", this.#teardown, new AbortController().signal);
    } catch (error) {
      this.#say(`failed: ${describe(error)}`);
    } finally {
      await this.#sandbox?.remove(this.#say);
      this.#say(`gone: ${String(this.#stopped.signal.reason)}`);
    }
  }

  #receive(message: EnvironmentMessage): void {
    switch (message.type) {
      case "open":
        if (this.#failure !== undefined) this.#send({ type: "failed", reason: this.#failure });
        this.#opening ??= this.#open(message);
        return;
      case "resume":
        this.#isResumed = true;
        return this.#resume(message.commands);
      case "start":
        return this.#start(message);
      case "input":
        return this.#commands.get(message.id)?.input(message.data, message.end, message.offset);
      case "resize":
        return this.#commands.get(message.id)?.resize(message);
      case "kill":
        return this.#kill(message.id);
      case "stored":
        return this.#commands.get(message.id)?.stored(message.stream, message.bytes);
      case "noted":
        this.#commands.delete(message.id);
    }
  }

  /** Makes the sandbox with the task in it, and runs its provision script. */
  async #open(message: Open): Promise<void> {
    const { archive, withheld_paths: withheldPaths, container, services, provision, teardown, secrets } = message;
    const { sandboxes, variables, server } = this.#options;
    this.#teardown = teardown;
    const masked = [...Object.values(secrets), ...variables.values];
    this.#secrets = { variables: secrets, mask: new SecretMask(masked) };
    const { signal } = this.#stopped;
    try {
      const headers = { [WORK_TOKEN_HEADER]: this.#grant.work_token };
      const url = `${server.url}${this.#path}/archive`;
      const sandbox = await sandboxes.open({
        environmentId: this.#grant.environment_id,
        archive,
        withheldPaths,
        container,
        env: variables.fillIn(container?.env ?? {}),
        services,
        readVariable: (name, otherwise) => variables.read("The task's compose file", name, otherwise),
        download: (place) => downloadFile({ url, token: server.token, headers, ...archive }, place, signal),
        log: (line) => this.#log(line),
        building: (isBuilding) => this.#send({ type: "building", building: isBuilding }),
        signal,
      });
      this.#sandbox = sandbox;
      const log = (line: string) => this.#log(line);
      await untilReached(sandbox, sandbox.services, log, signal);
      if (provision) await this.#provision(provision);
      const own = services?.by === "script" ? scriptServices(services.ports) : [];
      await untilReached(sandbox, own, log, signal);
      if (container?.healthcheck) await untilWell(sandbox, container.healthcheck, this.#secrets, log, signal);
      this.#services = addressesOf([...sandbox.services, ...own]);
      this.#isReady = true;
      this.#say("ready");
      this.#send({ type: "ready", services: this.#services, limits: sandbox.limits });
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = this.#secrets.mask.text(describe(error)).slice(0, REASON_LENGTH);
      this.#say(`could not be provisioned: ${this.#failure}`);
      this.#send({ type: "failed", reason: this.#failure });
    }
  }

  async #provision(script: Script): Promise<void> {
    const outcome = await this.#runScript("provision", script, this.#stopped.signal);
    if (outcome !== undefined) throw new Error(`The provision script ${outcome}`);
  }

  async #runScript(name: string, script: Script, signal: AbortSignal): Promise<string | undefined> {
    if (!this.#sandbox) return "has no sandbox";
    return await runScript(this.#sandbox, name, script, this.#secrets, (line) => this.#log(line), signal);
  }

  #start(message: Extract<EnvironmentMessage, { type: "start" }>): void {
    const sandbox = this.#sandbox;
    if (!sandbox || !this.#isReady || this.#commands.has(message.id)) return;
    this.#send({ type: "taken", id: message.id });
    const { variables, mask } = message.has_secrets ? this.#secrets : NO_SECRETS;
    const program = this.#startable(sandbox, message, variables);
    this.#commands.set(message.id, new HeldCommand(message, program, mask, (sent) => this.#tell(sent)));
  }

  #startable(
    sandbox: LocalSandbox,
    message: Extract<EnvironmentMessage, { type: "start" }>,
    secrets: Readonly<Record<string, string>>,
  ): Startable {
    const { command, cwd, env, machine_env: machineEnv, user, separate_output: separates, tty } = message;
    try {
      const variables = { ...secrets, ...env, ...this.#options.variables.fillIn(machineEnv) };
      return sandbox.command(command, cwd, variables, { joinsErrors: !separates || tty !== undefined, tty, user });
    } catch (error) {
      // It ends as one that never ran, with the reason.
      return { words: [], start: () => Promise.reject(error) };
    }
  }

  /** A command that this machine does not know never ran here, or was forgotten: how it ended is unknown. */
  #kill(id: string): void {
    const command = this.#commands.get(id);
    if (command) return command.kill();
    this.#send({ type: "ended", id, ending: { status: "lost", reason: "The runner does not have the command." } });
  }

  #resume(stored: Extract<EnvironmentMessage, { type: "resume" }>["commands"]): void {
    const running = new Map(stored.map((command) => [command.id, command]));
    for (const command of this.#commands.values()) {
      const known = running.get(command.id);
      if (known) command.resume(known);
      else command.drop();
    }
  }

  #log(line: string): void {
    this.#send({ type: "log", line: this.#secrets.mask.text(line).slice(0, LOG_LINE_LENGTH) });
  }

  /** What a command says of itself; `resume` has all of it said that is not said now. */
  #tell(message: MachineMessage): void {
    if (this.#isResumed) this.#send(message);
  }

  #send(message: MachineMessage): void {
    this.#link.send(message);
  }
}

function describe(error: unknown): string {
  if (error instanceof ArchiveRefused || error instanceof ZipError) return `The archive was refused: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
