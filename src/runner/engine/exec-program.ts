import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Readable, type Writable } from "node:stream";
import type { Program, ProgramEnd } from "../process/program.ts";
import {
  COMMAND_VARIABLE,
  END_SCRIPT,
  type ExecCommand,
  JOINED_SCRIPT,
  SEPARATE_SCRIPT,
  toLines,
} from "./exec-script.ts";
import { MarkedOutput } from "./marked-output.ts";

/** Milliseconds that a command has to end by itself, unless it is said otherwise. */
const GRACE_MS = 5_000;
/** Milliseconds in which the end of a command that was killed is told. */
const SILENCE_MS = 10_000;
/** Milliseconds that the engine's client has after the command's end; it stays longer where something was left running. */
const CLIENT_MS = 2_000;
/** Milliseconds between chunks of what is dropped: who writes without end shall not keep the runner busy. */
const DROP_PAUSE_MS = 100;
/** Characters of what the engine's client complains of that are kept. */
const COMPLAINT_LENGTH = 2_000;

const ROOT = "0";

/** A process id and the time of its start, in ticks, and how many of them are remembered. */
const PROCESS = /^\d+\.\d+$/;
const MAX_KNOWN = 2_000;

/** A container in which commands are started. */
export interface ExecPlace {
  /** The engine's client. */
  client: string;
  container: string;
  /** Whom the command runs as; the image's USER when undefined. */
  user: string | undefined;
  /** Where commands start that name no folder; the image's WORKDIR when undefined. */
  workdir: string | undefined;
}

export interface ExecOptions {
  joinsErrors: boolean;
  graceMs: number | undefined;
}

/** Starts a command in a container by the engine's `exec`. */
export function startExec(place: ExecPlace, id: string, command: ExecCommand, options: ExecOptions): Program {
  const word = randomBytes(16).toString("hex");
  const script = options.joinsErrors ? JOINED_SCRIPT : SEPARATE_SCRIPT;
  const child = openClient(place, place.user, script, word);
  const variables = { ...command.env, [COMMAND_VARIABLE]: id };
  child.stdin.write(toLines({ ...command, env: variables }, word));
  return new ExecProgram(child, place, { id, word }, options);
}

function openClient(place: ExecPlace, user: string | undefined, script: string, ...words: string[]) {
  const args = [
    "exec",
    "--interactive",
    ...(user === undefined ? [] : ["--user", user]),
    ...(place.workdir === undefined ? [] : ["--workdir", place.workdir]),
    place.container,
    "/bin/sh",
    "-c",
    script,
    "sh",
    ...words,
  ];
  const child = spawn(place.client, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  // A client that could not be started or has ended breaks this pipe; its end is told by `close`.
  child.stdin.on("error", () => undefined);
  return child;
}

/** A command in a container. What it has started is ended with it only when it is told to end. */
class ExecProgram implements Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #place: ExecPlace;
  readonly #reached: { id: string; word: string };
  readonly #graceMs: number;
  readonly #closed: Promise<void>;
  #complaint = "";
  #known: string[] = [];
  #isOver = false;
  #terminating: NodeJS.Timeout | undefined;
  /** Settles when its processes have been asked to end. */
  #asked: Promise<void> | undefined;

  constructor(
    child: ChildProcessWithoutNullStreams,
    place: ExecPlace,
    reached: { id: string; word: string },
    { joinsErrors, graceMs }: ExecOptions,
  ) {
    this.#child = child;
    this.#place = place;
    this.#reached = reached;
    this.#graceMs = graceMs ?? GRACE_MS;
    child.once("error", (error) => this.#complain(error.message));
    this.#closed = new Promise((resolve) => child.once("close", () => resolve()));
    this.stdin = child.stdin;
    const stdout = this.#mark(child.stdout);
    this.stdout = stdout;
    this.stderr = joinsErrors ? Readable.from([]) : this.#mark(child.stderr);
    // With the command's own errors among it, it is a complaint only where no command ran.
    child.stderr.on("data", (bytes: Buffer) => this.#complain(bytes.toString("utf8")));
    this.ended = this.#untilEnded(stdout);
  }

  terminate(): void {
    if (this.#terminating || this.#isOver) return;
    this.#terminating = setTimeout(() => {
      void this.#endProcesses("KILL");
      this.#terminating = setTimeout(() => this.#child.kill("SIGKILL"), SILENCE_MS);
    }, this.#graceMs);
    this.#asked = this.#endProcesses("TERM");
  }

  #mark(output: Readable): MarkedOutput {
    const marked = new MarkedOutput(this.#reached.word);
    output.pipe(marked);
    // One whose client could not be started, or was ended by force, has no end.
    output.on("close", () => marked.end());
    void this.#dropRest(output, marked);
    return marked;
  }

  async #dropRest(output: Readable, marked: MarkedOutput): Promise<void> {
    await marked.exitCode;
    output.unpipe(marked);
    dropSlowly(output);
  }

  async #untilEnded(stdout: MarkedOutput): Promise<ProgramEnd> {
    const exitCode = await stdout.exitCode;
    this.#isOver = true;
    if (this.#terminating) {
      clearTimeout(this.#terminating);
      // It knows then what was there before its first process had ended.
      await this.#asked;
      await this.#endProcesses("KILL");
    }
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), CLIENT_MS);
    void this.#closed.then(() => clearTimeout(timer));
    if (exitCode !== undefined) return { exitCode };
    return {
      failure: `The command's shell in the container was ended${this.#complaint && `: ${this.#complaint.trim()}`}`,
    };
  }

  /** In the container itself: root there sees the variables of its own processes, and another user those of its. */
  async #endProcesses(signal: "TERM" | "KILL"): Promise<void> {
    const { id, word } = this.#reached;
    const users = [...new Set([ROOT, this.#place.user ?? ROOT])];
    await Promise.all(
      users.map(async (user) => {
        const killer = openClient({ ...this.#place, workdir: "/" }, user, END_SCRIPT);
        let told = "";
        killer.stdout.on("data", (bytes: Buffer) => (told += bytes.toString("latin1")));
        killer.stderr.resume();
        killer.stdin.end(`${id} ${word} ${signal} ${this.#known.join(" ")}\n`);
        const timer = setTimeout(() => killer.kill("SIGKILL"), SILENCE_MS);
        await new Promise<void>((resolve) => {
          killer.once("error", () => resolve());
          killer.once("close", () => resolve());
        });
        clearTimeout(timer);
        this.#know(told);
      }),
    );
  }

  /** Processes of the command, as they were told when it was asked to end. */
  #know(told: string): void {
    this.#known = [...this.#known, ...told.split(/\s+/).filter((word) => PROCESS.test(word))].slice(0, MAX_KNOWN);
  }

  #complain(text: string): void {
    if (this.#complaint.length < COMPLAINT_LENGTH) this.#complaint += text.slice(0, COMPLAINT_LENGTH);
  }
}

function dropSlowly(output: Readable): void {
  output.on("data", () => {
    output.pause();
    setTimeout(() => output.resume(), DROP_PAUSE_MS).unref();
  });
  output.resume();
}
