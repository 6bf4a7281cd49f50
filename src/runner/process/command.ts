import type { CommandEnding, CommandLimits, OutputStream, TerminalSize } from "../../sandbox/port.ts";
import { NO_SECRETS, type SecretMask } from "../../sandbox/secret-mask.ts";
import { OutputPump } from "./output-pump.ts";
import type { Program } from "./program.ts";

/** Longest time that `setTimeout` takes, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Bytes of a command line or a variable, with its name and an end, that Linux takes; a longer one starts nothing. */
const MAX_WORD_BYTES = 128 * 1024 - 256;
const TOO_LONG =
  "It never ran: the command line or a variable is longer than 128 KiB, which Linux does not take. Put it into a file.";

/** A program that is about to be started. */
export interface Startable {
  /** The words and values that the machine has to take. */
  words: readonly string[];
  start: () => Promise<Program>;
}

/** How a command is started beyond its line, its folder and its variables. */
export interface CommandOptions {
  /** Standard error goes where standard output goes, so that both come in the order in which they were written. */
  joinsErrors?: boolean | undefined;
  /** It runs on a terminal of this size, and its input are frames (pty-bridge.ts). */
  tty?: TerminalSize | undefined;
  /** Milliseconds that it has to end when it is asked to. */
  graceMs?: number | undefined;
  /** Whom it runs as, where the sandbox knows users of its own; the sandbox's own user when left out. */
  user?: string | undefined;
}

export interface CommandRun {
  program: Startable;
  limits: CommandLimits;
  /** All of standard input, in pieces; the next one is asked for when the command has room for it. Empty when left out. */
  stdin?: AsyncIterable<Uint8Array>;
  /** Hides secrets in output, before it is counted and passed on; nothing is hidden when it is left out. */
  mask?: SecretMask;
  /** Takes output; nothing more of this stream is read until it has settled. When it rejects the command is ended. */
  output: (stream: OutputStream, offset: number, bytes: Uint8Array) => Promise<void>;
  /** Ends the command, and what it has started, when it is aborted. */
  signal: AbortSignal;
}

/**
 * Runs a program to its end and says how it ended. An ending after the time was up, or after the signal, is never told as
 * an exit code, whatever the program answered to SIGTERM.
 */
export async function runCommand({
  program: { words, start },
  limits,
  stdin,
  mask = NO_SECRETS.mask,
  output,
  signal,
}: CommandRun): Promise<CommandEnding> {
  if (words.some((word) => Buffer.byteLength(word) > MAX_WORD_BYTES)) return { status: "lost", reason: TOO_LONG };
  const program = await start().catch((error: unknown) => ({ reason: describe(error) }));
  if ("reason" in program) return { status: "lost", reason: program.reason };
  let reason: "timed_out" | "killed" | undefined;
  const end = (why: "timed_out" | "killed") => {
    reason ??= why;
    program.terminate();
  };
  const kill = () => end("killed");
  const timer = setTimeout(() => end("timed_out"), Math.min(limits.seconds * 1000, MAX_TIMER_MS));
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  const input = feed(program.stdin, stdin).catch(kill);
  const pumps = (["stdout", "stderr"] as const).map(
    (name) => new OutputPump(program[name], limits.outputBytes, mask, (offset, bytes) => output(name, offset, bytes)),
  );
  const pumped = Promise.all(pumps.map((pump) => pump.run())).then(
    () => undefined,
    (error: unknown) => {
      kill();
      return { error };
    },
  );
  const ended = await program.ended;
  clearTimeout(timer);
  signal.removeEventListener("abort", kill);
  for (const pump of pumps) pump.letGoWhenRead();
  program.stdin.destroy();
  const broken = await pumped;
  await input;
  if (broken) throw broken.error;
  const [stdout, stderr] = pumps.map((pump) => pump.produced);
  const produced = { stdout: stdout ?? 0, stderr: stderr ?? 0 };
  if (reason !== undefined) return { status: reason, produced };
  if ("failure" in ended) return { status: "lost", reason: ended.failure };
  return { status: "exited", exitCode: ended.exitCode, produced };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes all pieces, no faster than they are read; stops when the program has ended or reads no more. */
async function feed(stdin: NodeJS.WritableStream, pieces: AsyncIterable<Uint8Array> = none()): Promise<void> {
  const broken = new Promise<"broken">((resolve) => stdin.once("close", () => resolve("broken")));
  const iterator = pieces[Symbol.asyncIterator]();
  for (;;) {
    // Input that stays open has no end to wait for when the program has ended.
    const next = await Promise.race([iterator.next(), broken]);
    if (next === "broken" || !stdin.writable) return;
    if (next.done === true) break;
    if (stdin.write(next.value)) continue;
    const drained = new Promise<"drained">((resolve) => stdin.once("drain", () => resolve("drained")));
    if ((await Promise.race([drained, broken])) === "broken") return;
  }
  stdin.end();
}

// oxlint-disable-next-line require-yield -- standard input that is at its end
async function* none(): AsyncGenerator<Uint8Array> {}
