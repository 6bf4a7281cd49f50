import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { sendSignal } from "../process/program.ts";
import { endWorkOf } from "./client-work.ts";

/** Engines that are known, in the order in which they are looked for. */
export const ENGINE_KINDS = ["docker", "podman"] as const;

export type EngineKind = (typeof ENGINE_KINDS)[number];

/** Limits of a container that the engine is able to keep here. */
export interface EngineLimits {
  memory: boolean;
  cpus: boolean;
  processes: boolean;
  /** The size of a container's file system. */
  storage: boolean;
}

/** Milliseconds for an answer of the engine that has nothing to build or to fetch, on a loaded machine. */
export const ANSWER_MS = 60_000;
/** Milliseconds that the engine's client has to end when it is asked to. */
const GRACE_MS = 3_000;
/** Milliseconds that it has to clear away what it has begun, and between looks at what it has started. */
const CLEAR_MS = 20_000;
const LOOK_MS = 200;
/** Bytes of each output of the engine's client that are kept: the last ones. */
const KEPT_BYTES = 256 * 1024;
/** Characters of a complaint that are told. */
const COMPLAINT_LENGTH = 2_000;

export interface EngineCall {
  /** Ends the call when it is aborted. */
  signal?: AbortSignal | undefined;
  /** Milliseconds after which it is given up. */
  timeoutMs?: number | undefined;
  /** When it is ended, what it has started is ended first, so that it clears away what it has begun. */
  clearsAway?: boolean | undefined;
  /** Called with each line of both outputs, as it comes. */
  onLine?: ((line: string) => void) | undefined;
}

/** What the engine's client did: its exit code, null when it was ended, and the end of what it wrote. */
export interface EngineAnswer {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** The engine refused, or did not answer in time; the message is for people. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  /** Whether its time was up. */
  readonly isTimeout: boolean;

  constructor(message: string, isTimeout = false) {
    super(message);
    this.isTimeout = isTimeout;
  }
}

/** A container engine of this machine, by its client. */
export class Engine {
  readonly kind: EngineKind;
  readonly version: string;
  readonly limits: EngineLimits;
  /** Whether what is on an internal network of its reaches nothing of this machine. */
  readonly keepsNetworksIn: boolean;

  constructor(kind: EngineKind, version: string, limits: EngineLimits, keepsNetworksIn: boolean) {
    this.kind = kind;
    this.version = version;
    this.limits = limits;
    this.keepsNetworksIn = keepsNetworksIn;
  }

  /** Calls the client, and says what it wrote to standard output. Throws EngineError. */
  async call(args: readonly string[], call: EngineCall = {}): Promise<string> {
    return await callEngine(this.kind, args, call);
  }

  /** Calls the client; whether it ended with 0. Throws EngineError only where it did not answer. */
  async ask(args: readonly string[], call: EngineCall = {}): Promise<boolean> {
    return (await startClient(this.kind, args, call)).exitCode === 0;
  }
}

/** As `Engine.call`, of a client of which nothing else is known. */
export async function callEngine(kind: EngineKind, args: readonly string[], call: EngineCall = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await startClient(kind, args, call);
  if (exitCode === 0) return stdout;
  const complaint = stderr.trim().slice(-COMPLAINT_LENGTH) || `exit code ${exitCode}`;
  throw new EngineError(`${kind} ${args[0]}: ${complaint}`);
}

async function startClient(kind: EngineKind, args: readonly string[], call: EngineCall): Promise<EngineAnswer> {
  const { signal, timeoutMs = ANSWER_MS, clearsAway = false, onLine } = call;
  if (signal?.aborted) throw new EngineError(`${kind} ${args[0]}: ${String(signal.reason)}`);
  // A group of its own: a signal of the terminal to the runner is not one to it, and its helpers end with it.
  const child = spawn(kind, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const outputs = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    const lines = new LineSplitter(onLine);
    child[name].setEncoding("utf8");
    child[name].on("data", (text: string) => {
      outputs[name] = (outputs[name] + text).slice(-KEPT_BYTES);
      lines.add(text);
    });
    child[name].on("end", () => lines.end());
  }
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  let stopped: EngineError | undefined;
  let killer: NodeJS.Timeout | undefined;
  const stop = async (why: string, isTimeout: boolean) => {
    if (stopped) return;
    stopped = new EngineError(`${kind} ${args[0]}: ${why}`, isTimeout);
    const end = performance.now() + (clearsAway ? CLEAR_MS : 0);
    while (isRunning() && child.pid !== undefined && performance.now() < end) {
      await endWorkOf(child.pid);
      await wait(LOOK_MS);
    }
    if (!isRunning()) return;
    signalGroup(child.pid, "SIGTERM");
    killer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), GRACE_MS);
  };
  const timer = setTimeout(() => void stop(`not done in ${timeoutMs / 1000} seconds`, true), timeoutMs);
  const abort = () => void stop(String(signal?.reason), false);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", (error) => reject(new EngineError(`${kind} cannot be started: ${error.message}`)));
      child.once("close", (code) => resolve(code));
    });
    if (stopped) throw stopped;
    return { exitCode, ...outputs };
  } finally {
    clearTimeout(timer);
    clearTimeout(killer);
    signal?.removeEventListener("abort", abort);
  }
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid !== undefined) sendSignal(-pid, signal);
}

/** Characters of one line at most: what comes without an end of line is told in parts. */
const LINE_LENGTH = 4_000;

class LineSplitter {
  readonly #onLine: ((line: string) => void) | undefined;
  #rest = "";

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine;
  }

  add(text: string): void {
    if (!this.#onLine) return;
    const lines = (this.#rest + text).split(/[\r\n]+/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") this.#onLine(line);
    if (this.#rest.length > LINE_LENGTH) this.end();
  }

  end(): void {
    if (this.#rest.trim() !== "") this.#onLine?.(this.#rest);
    this.#rest = "";
  }
}
