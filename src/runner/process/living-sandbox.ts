import { randomUUID } from "node:crypto";
import path from "node:path";
import { createInterface } from "node:readline";
import { makeCommandPipes } from "./command-pipes.ts";
import { endProcesses, hasVariable } from "./leftovers.ts";
import { type Launch, type Program, type ProgramEnd, startProgram } from "./program.ts";
import { INIT_REPORT } from "./sandbox-init.ts";

/** Milliseconds in which the first program of a sandbox starts what it is asked to, on a machine under load. */
const START_TIMEOUT_MS = 30_000;
/** Milliseconds that a command has to end by itself. */
const GRACE_MS = 5_000;
/** Milliseconds in which the end of a command that was killed is told. */
const SILENCE_MS = 5_000;
/** Characters of what a sandbox complains of that are kept. */
const COMPLAINT_LENGTH = 2_000;

/** The variable by which a command's processes are found, also those that have left its session. */
export const COMMAND_VARIABLE = "TASKYARD_COMMAND";

/** What is started in a sandbox. */
export interface SandboxCommand {
  /** The program and its arguments, as they are inside. */
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  joinsErrors: boolean;
  graceMs?: number | undefined;
}

interface Waiting {
  started: PromiseWithResolvers<number>;
  ended: PromiseWithResolvers<ProgramEnd>;
}

/**
 * A sandbox that lives from its first command until it is ended: all commands share its processes, its network and its
 * folders, and what they leave running stays. Where its first program has died, which a command can bring about, the next
 * command begins a new one; files stay.
 */
export class LivingSandbox {
  readonly #launch: () => Launch;
  readonly #folder: string;
  readonly #owner: Launch["user"];
  #life: Promise<Life> | undefined;

  /** `launch` starts bubblewrap with `INIT_SCRIPT`, which sees `folder` as INIT_FOLDER. */
  constructor(launch: () => Launch, folder: string, owner: Launch["user"]) {
    this.#launch = launch;
    this.#folder = folder;
    this.#owner = owner;
  }

  /** Starts a command. Rejects where the sandbox cannot. */
  async start(command: SandboxCommand): Promise<Program> {
    const life = await this.#begun();
    return await life.start(command, this.#folder, this.#owner);
  }

  /** Ends it, and all that runs in it. */
  async end(): Promise<void> {
    const life = await this.#life?.catch(() => undefined);
    await life?.end();
  }

  /** The life that lasts, or a new one; those who ask at the same time have the same. */
  async #begun(): Promise<Life> {
    const last = this.#life;
    const life = await last?.catch(() => undefined);
    if (life && !life.isOver) return life;
    if (this.#life === last) this.#life = startProgram(this.#launch()).then((init) => new Life(init));
    return await this.#begun();
  }
}

/** A sandbox from its beginning to its end. */
class Life {
  isOver = false;
  readonly #init: Program;
  readonly #commands = new Map<string, Waiting>();
  #complaint = "";

  constructor(init: Program) {
    this.#init = init;
    createInterface({ input: init.stdout }).on("line", (line) => this.#hear(line));
    init.stderr.on("data", (bytes: Buffer) => {
      if (this.#complaint.length < COMPLAINT_LENGTH) this.#complaint += bytes.toString("utf8");
    });
    void init.ended.then((end) => this.#close(end));
  }

  async start(command: SandboxCommand, parent: string, owner: Launch["user"]): Promise<Program> {
    const id = randomUUID();
    const variables = Object.entries({ ...command.env, [COMMAND_VARIABLE]: id });
    const words = [
      command.joinsErrors ? "1" : "0",
      String(variables.length),
      ...variables.map(([name, value]) => `${name}=${value}`),
      ...command.argv,
    ];
    const pipes = await makeCommandPipes(path.join(parent, id), words, owner);
    const waiting = { started: Promise.withResolvers<number>(), ended: Promise.withResolvers<ProgramEnd>() };
    const timer = setTimeout(() => void this.end(), START_TIMEOUT_MS);
    try {
      if (this.isOver) throw new Error(this.#failure);
      this.#commands.set(id, waiting);
      this.#init.stdin.write(`start ${id}\n`);
      const pid = await waiting.started.promise;
      const signal = (name: string) => this.#init.stdin.write(`signal ${pid} ${name}\n`);
      const giveUp = () => void this.end();
      return new LivingProgram(pipes, waiting.ended.promise, {
        id,
        signal,
        giveUp,
        graceMs: command.graceMs ?? GRACE_MS,
      });
    } catch (error) {
      for (const stream of [pipes.stdin, pipes.stdout, pipes.stderr]) stream.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
      await pipes.release();
    }
  }

  async end(): Promise<void> {
    this.isOver = true;
    this.#init.terminate();
    await this.#init.ended;
  }

  get #failure(): string {
    return `The sandbox ended${this.#complaint === "" ? "" : `: ${this.#complaint.trim()}`}`;
  }

  #hear(line: string): void {
    const { event, id = "", number } = INIT_REPORT.exec(line)?.groups ?? {};
    const command = this.#commands.get(id);
    if (event === "started") command?.started.resolve(Number(number));
    if (event !== "ended" || !command) return;
    command.started.reject(new Error("The sandbox could not start the command"));
    command.ended.resolve({ exitCode: Number(number) });
    this.#commands.delete(id);
  }

  #close(end: ProgramEnd): void {
    this.isOver = true;
    if ("failure" in end) this.#complaint = `${end.failure} ${this.#complaint}`;
    for (const { started, ended } of this.#commands.values()) {
      started.reject(new Error(this.#failure));
      ended.resolve({ failure: this.#failure });
    }
    this.#commands.clear();
  }
}

interface Reached {
  id: string;
  /** Sends a signal to the command's session. */
  signal: (name: "TERM" | "KILL") => void;
  /** Ends the whole sandbox. */
  giveUp: () => void;
  graceMs: number;
}

/** A command in a sandbox that lives. What it has started is ended with it only when it is told to end. */
class LivingProgram implements Program {
  readonly stdin: Program["stdin"];
  readonly stdout: Program["stdout"];
  readonly stderr: Program["stderr"];
  readonly ended: Promise<ProgramEnd>;
  readonly #reached: Reached;
  #isOver = false;
  #terminating: NodeJS.Timeout | undefined;

  constructor(
    { stdin, stdout, stderr }: Omit<Program, "ended" | "terminate">,
    ended: Promise<ProgramEnd>,
    reached: Reached,
  ) {
    this.stdin = stdin;
    this.stdout = stdout;
    this.stderr = stderr;
    // Whoever has ended, or reads nothing, breaks this pipe; `ended` tells of it.
    this.stdin.on("error", () => undefined);
    this.#reached = reached;
    this.ended = this.#untilEnded(ended);
  }

  terminate(): void {
    if (this.#terminating || this.#isOver) return;
    const { signal, giveUp, graceMs } = this.#reached;
    this.#terminating = setTimeout(() => {
      signal("KILL");
      // Who stops or holds the sandbox's first programs has no end told: it ends with all the rest.
      this.#terminating = setTimeout(giveUp, SILENCE_MS);
    }, graceMs);
    signal("TERM");
  }

  async #untilEnded(own: Promise<ProgramEnd>): Promise<ProgramEnd> {
    const end = await own;
    this.#isOver = true;
    if (!this.#terminating) return end;
    clearTimeout(this.#terminating);
    await endProcesses(hasVariable(COMMAND_VARIABLE, this.#reached.id), 0);
    return end;
  }
}
