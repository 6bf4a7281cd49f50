import { hashText } from "../../auth/text-hash.ts";
import { readConfig } from "../../config.ts";
import { openPool } from "../../pool/pool-handle.ts";
import type { WorkEvent, Work } from "../../pool/work.ts";
import { applySchema } from "../../objects/object-schema.ts";
import type { CommandEnding, MachineRequest, Sandbox, SandboxCommand, SandboxPlace, SandboxTraits } from "../port.ts";
import { type MachineMessage, PIECE_BYTES } from "../runner-protocol.ts";
import { capabilitiesFor } from "./environment-work.ts";
import { MachineSocket } from "./machine-socket.ts";
import { RunnerFiles } from "./runner-files.ts";
import { RunnerInteraction } from "./runner-interaction.ts";
import { RUNNER_SCHEMA, RunnerStore } from "./runner-store.ts";

export const RUNNER_TRAITS: SandboxTraits = {
  kind: "runner",
  description:
    "A shell on a machine that runs `npm run runner`, in a container of the task's own image where that machine has Docker or " +
    "Podman, else under bubblewrap: a real Linux without other processes and, unless its operator allows it, without a network.",
  linux: true,
  network: false,
  services: true,
  streams: true,
  terminals: true,
};

/** How often a machine is asked for: once more when the first one vanishes before the environment was ready. */
const MAX_ATTEMPTS = 2;

type MachineHello = Extract<MachineMessage, { type: "hello" }>;

const NOTHING = { stdout: 0, stderr: 0 };

/**
 * An environment whose commands run on a runner's machine. The machine connects to the environment's object; what it
 * sends is stored before it is acknowledged, and what is not acknowledged it sends again after a break.
 */
export class RunnerSandbox implements Sandbox {
  readonly traits = RUNNER_TRAITS;
  readonly outlivesObject = true;
  readonly files: RunnerFiles;
  readonly interaction: RunnerInteraction;
  readonly #place: SandboxPlace;
  readonly #store: RunnerStore;
  readonly #machine: MachineSocket;

  constructor(place: SandboxPlace) {
    this.#place = place;
    const { storage } = place.ctx;
    storage.transactionSync(() => applySchema(storage.sql, [RUNNER_SCHEMA]));
    this.#store = new RunnerStore(storage);
    this.#machine = new MachineSocket(place.ctx);
    this.files = new RunnerFiles((message) => this.#machine.send(message));
    this.interaction = new RunnerInteraction(this.#store, this.#machine);
  }

  async provision(): Promise<void> {
    const { attempt, isOver } = this.#store.link;
    if (isOver) return;
    const queued = await this.#pool.enqueue(this.#work(attempt));
    if (!queued) return this.#fail("Too many runs and environments of this organization wait for a runner.");
    await this.#logWait();
  }

  /** Says in the log what is waited for, whenever that has become something else. */
  async #logWait(): Promise<void> {
    const { environmentId, host } = this.#place;
    const wait = (await this.#pool.waits([environmentId]))[environmentId];
    const { waitLogged, runner } = this.#store.link;
    if (wait === undefined || runner !== undefined || wait.reason === "offered" || wait.reason === waitLogged) return;
    this.#store.changeLink({ waitLogged: wait.reason });
    host.log(`It waits for a runner: ${wait.detail}`);
  }

  async start(asked: SandboxCommand): Promise<void> {
    const { id, command, cwd, env, machineEnv, user, stdin, keepsInput, tty, separateOutput, limits } = asked;
    this.#store.addCommand({
      type: "start",
      id,
      command,
      cwd,
      env: { ...env },
      machine_env: { ...machineEnv },
      ...(user !== undefined && { user }),
      stdin: keepsInput ? "" : stdin.toBase64(),
      input: keepsInput,
      seconds: limits.seconds,
      output_bytes: limits.outputBytes,
      separate_output: separateOutput,
      ...(tty && { tty }),
      has_secrets: true,
    });
    this.#sendStart(id);
    if (!keepsInput) return;
    for (let at = 0; at < stdin.byteLength; at += PIECE_BYTES) {
      this.interaction.input(id, stdin.subarray(at, at + PIECE_BYTES), false);
    }
  }

  async kill(commandId: string): Promise<void> {
    const known = this.#store.command(commandId);
    if (!known) return;
    this.#store.mark(commandId, "killed");
    this.#machine.send({ type: "kill", id: commandId });
    // A machine that has not said that it has the command may never have had it.
    if (!known.isTaken) await this.#end(commandId, { status: "killed", produced: NOTHING });
  }

  async destroy(): Promise<void> {
    const { attempt } = this.#store.changeLink({ isOver: true });
    this.#store.clear();
    await this.#pool.withdraw(this.#work(attempt).id, "The environment is torn down");
    this.files.breakOff();
    this.#machine.end();
  }

  /** A machine that is connected to its pool and not to its environment for so long does not come back. */
  async wake(): Promise<void> {
    const { downSince, isReady, isOver } = this.#store.link;
    if (isOver || !isReady || downSince === undefined || this.#machine.isOpen) return;
    const due = downSince + this.#patienceMs;
    if (Date.now() >= due) await this.#fail("The connection to the runner broke and did not come back.");
    else await this.#place.host.wakeAt(due);
  }

  /** The WebSocket handshake of a machine, or its download of the archive. */
  async connect(machine: MachineRequest): Promise<Response> {
    if (!(await this.#isAdmitted(machine))) return new Response(null, { status: 401 });
    return machine.wants === "archive" ? this.#readArchive() : this.#accept();
  }

  async socketMessage(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    const message = this.#machine.read(socket, text);
    if (message) await this.#receive(message);
  }

  async socketClosed(socket: WebSocket): Promise<void> {
    // Ends the handshake, for which the machine waits.
    socket.close();
    if (this.#machine.isOpen || this.#store.link.isOver) return;
    this.files.breakOff();
    const downSince = Date.now();
    this.#store.changeLink({ downSince });
    await this.#place.host.wakeAt(downSince + this.#patienceMs);
  }

  async #receive(message: MachineMessage): Promise<void> {
    const { host } = this.#place;
    switch (message.type) {
      case "hello":
        return this.#greet(message);
      case "log":
        return host.log(message.line);
      case "building":
        return host.building(message.building);
      case "ready":
        return this.#becomeReady(message);
      case "failed":
        return this.#fail(message.reason);
      case "taken":
        return this.#store.mark(message.id, "taken");
      case "input_taken":
        if (this.files.has(message.id)) return this.files.inputTaken(message.id, message.bytes);
        if (this.interaction.inputTaken(message.id, message.bytes)) host.inputTaken(message.id);
        return;
      case "output":
        return this.#storeOutput(message);
      case "ended":
        return this.#noteEnd(message);
    }
  }

  #storeOutput({ id, stream, offset, data }: Extract<MachineMessage, { type: "output" }>): void {
    const bytes = Uint8Array.fromBase64(data);
    if (this.files.has(id)) return this.files.output(id, stream, offset, bytes);
    const stored = this.#place.host.output(id, stream, offset, bytes);
    this.#machine.send(stored === undefined ? { type: "kill", id } : { type: "stored", id, stream, bytes: stored });
  }

  async #noteEnd({ id, ending }: Extract<MachineMessage, { type: "ended" }>): Promise<void> {
    const ended: CommandEnding =
      ending.status === "exited" ? { status: "exited", exitCode: ending.exit_code, produced: ending.produced } : ending;
    if (this.files.has(id)) this.files.ended(id, ended);
    else await this.#end(id, ended);
    this.#machine.send({ type: "noted", id });
  }

  async #end(id: string, ending: CommandEnding): Promise<void> {
    this.#store.removeCommand(id);
    await this.#place.host.ended(id, ending);
  }

  async #greet({
    state,
    terminals = false,
    masks_secrets: masksSecrets,
    limits,
    services,
  }: MachineHello): Promise<void> {
    const { isReady } = this.#store.changeLink({ terminals });
    if (state === "new") {
      if (isReady) return this.#fail("The runner has lost the environment.");
      const { sha256, fileSize, archiveRoot, withheldPaths, provision, teardown } = this.#place.task;
      const { container = null, services: started = null } = this.#place.task;
      const archive = { sha256, size: fileSize, root: archiveRoot };
      const { variables, mask } = await this.#place.secrets();
      if (!mask.isEmpty && !masksSecrets) return this.#fail("The runner is too old to keep secrets: update it.");
      const [withheld_paths, secrets] = [[...withheldPaths], { ...variables }];
      const scripts = { provision, teardown };
      this.#machine.send({ type: "open", archive, withheld_paths, container, services: started, ...scripts, secrets });
      return;
    }
    if (!isReady) await this.#becomeReady({ services, limits });
    const running = this.#place.host.running();
    const commands = running.map((id) => ({ id, ...(this.#place.host.stored(id) ?? NOTHING) }));
    this.#machine.send({ type: "resume", commands });
    for (const { id, isTaken, isKilled } of this.#store.commands()) {
      if (isKilled) this.#machine.send({ type: "kill", id });
      else if (!isTaken) this.#sendStart(id);
      this.interaction.resume(id);
    }
  }

  /** What a ready machine says of its sandbox. */
  async #becomeReady({ services = {}, limits }: Pick<MachineHello, "services" | "limits">): Promise<void> {
    this.#store.changeLink({ isReady: true });
    await this.#place.host.ready(services, limits);
  }

  #sendStart(id: string): void {
    const message = this.#machine.isOpen ? this.#store.message(id) : undefined;
    if (message) this.#machine.send(message);
  }

  /** Whether a machine comes with a key of this organization and the token of this work. */
  async #isAdmitted({ organizationId, workToken }: MachineRequest): Promise<boolean> {
    const { tokenHash, isOver } = this.#store.link;
    const isOwn = organizationId === this.#place.organizationId;
    return isOwn && !isOver && (await hashText(workToken)) === tokenHash;
  }

  #accept(): Response {
    this.files.breakOff();
    return this.#machine.accept();
  }

  async #readArchive(): Promise<Response> {
    const { archiveKey, archiveEtag } = this.#place.task;
    const object = await this.#place.env.ARCHIVES.get(archiveKey, { onlyIf: { etagMatches: archiveEtag } });
    return object && "body" in object ? new Response(object.body) : new Response(null, { status: 404 });
  }

  /** Gives the work to the runner that has claimed it: a token of its own, of which only the hash is kept. */
  async admitWork(workId: string, runner: string): Promise<Record<string, unknown> | undefined> {
    const { attempt, isOver } = this.#store.link;
    if (isOver || workId !== this.#work(attempt).id) return undefined;
    const token = crypto.getRandomValues(new Uint8Array(32)).toHex();
    this.#store.changeLink({ tokenHash: await hashText(token), runner });
    return { environment_id: this.#place.environmentId, work_token: token };
  }

  async hearOfWork(workId: string, event: WorkEvent): Promise<void> {
    const { attempt, isReady, isOver } = this.#store.link;
    if (isOver || workId !== this.#work(attempt).id) return;
    if (event.kind === "claimed") return this.#place.host.log(`The runner ${event.runner} has it.`);
    const reason = event.kind === "lost" ? event.reason : "The runner has given it up.";
    if (isReady || attempt >= MAX_ATTEMPTS) return this.#fail(reason);
    this.#place.host.log(`${reason}; another runner is asked for.`);
    const { tokenHash: _token, ...link } = this.#store.link;
    this.#store.changeLink({ ...link, tokenHash: undefined, attempt: attempt + 1 });
    await this.provision();
  }

  async #fail(reason: string): Promise<void> {
    await this.#place.host.failed(reason);
  }

  #work(attempt: number): Work {
    const { environmentId, labels, task } = this.#place;
    const capabilities = capabilitiesFor(task);
    const reference = { environmentId };
    return { id: `${environmentId}.${attempt}`, kind: "environment", labels, capabilities, reference };
  }

  get #pool() {
    return openPool(this.#place.env, this.#place.organizationId);
  }

  /** Twice a lease: the pool finds out earlier when the machine is gone. */
  get #patienceMs(): number {
    return 2 * readConfig(this.#place.env).RUNNER_LEASE_SECONDS * 1000;
  }
}
