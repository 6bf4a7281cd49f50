import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { buildCli } from "../../../scripts/build-cli.ts";
import { ROOT } from "../../../scripts/command.ts";
import { until } from "../runner/live.ts";

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface CallOptions {
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
}

/** A call of the program that goes on. */
export class Call {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  out = "";
  err = "";

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on("data", (bytes) => (this.out += String(bytes)));
    child.stderr?.on("data", (bytes) => (this.err += String(bytes)));
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, out: this.out, err: this.err }));
    });
  }

  /** Waits until something is shown, on either stream. */
  async shows(wanted: string | RegExp, seconds = 60): Promise<string> {
    const isShown = (text: string) => (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text));
    return await until(() => Promise.resolve(stripVTControlCharacters(this.out + this.err)), isShown, seconds);
  }
}

/** The program as it is shipped, with a home of its own. */
export class Program {
  readonly home: string;
  readonly #folder: string;
  #env: Record<string, string> = {};

  private constructor(folder: string, home: string) {
    this.#folder = folder;
    this.home = home;
  }

  /** Builds the program beside the one that is shipped, which others may build anew meanwhile. */
  static async install(): Promise<Program> {
    const folder = path.join(ROOT, "dist", `cli-${process.pid}`);
    await buildCli(folder);
    return await new Program(folder, "").another();
  }

  /** The same program with a home where nothing is. */
  async another(): Promise<Program> {
    return new Program(this.#folder, await mkdtemp(path.join(tmpdir(), "taskyard-cli-")));
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await rm(this.home, { recursive: true, force: true });
  }

  /** What its environment has beside that of a bare shell. */
  set(env: Record<string, string>): void {
    this.#env = { ...this.#env, ...env };
  }

  start(args: readonly string[], { env = {}, cwd = this.home }: CallOptions = {}): Call {
    return new Call(
      spawn(process.execPath, [this.#file(), ...args], { cwd, env: this.#environment(env), stdio: "pipe" }),
    );
  }

  /** On a pseudo-terminal, which `child.stdin` takes commands for (terminal.py). */
  startOnTerminal(args: readonly string[], env: Record<string, string> = {}): Call {
    const words = [path.join(import.meta.dirname, "terminal.py"), process.execPath, this.#file(), ...args];
    const options = {
      cwd: this.home,
      env: { ...this.#environment(env), TERM: "xterm-256color" },
      stdio: "pipe" as const,
    };
    return new Call(spawn("python3", words, options));
  }

  async call(args: readonly string[], options: CallOptions = {}): Promise<Ended> {
    const call = this.start(args, options);
    call.child.stdin?.end(options.input ?? "");
    return await call.ended;
  }

  /** The result of a call that is to succeed. */
  async ok(args: readonly string[], options: CallOptions = {}): Promise<string> {
    const { code, out, err } = await this.call(args, options);
    if (code !== 0) throw new Error(`taskyard ${args.join(" ")} ended with ${code}:\n${out}\n${err}`);
    return out;
  }

  /** The same as JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape of a result is what the tests look at
  async json(args: readonly string[], options: CallOptions = {}): Promise<any> {
    return JSON.parse(await this.ok([...args, "--json"], options));
  }

  #file(): string {
    return path.join(this.#folder, "taskyard.js");
  }

  #environment(env: Record<string, string>): Record<string, string> {
    return { PATH: process.env["PATH"] ?? "", HOME: this.home, ...this.#env, ...env };
  }
}
