import { openTerminal, type Taskyard, type Terminal } from "../../client/index.ts";
import type { Context } from "../base/context.ts";
import { EXIT, Failure, Outcome } from "../base/failure.ts";
import { EscapeKeys } from "./escape-keys.ts";

/** A terminal that is to be opened, or joined. */
interface TerminalPlace {
  client: Taskyard;
  environmentId: string;
  token: string;
  command: string | undefined;
  cwd: string | undefined;
  terminalId: string | undefined;
}

/** Modes that a program may have left on, and that would outlast it: mouse, bracketed paste, the second screen, a hidden cursor. */
const RESET = "\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[?1049l\u001b[?25h\u001b[0m";

/** Connects this terminal with one in an environment, until its program ends or it is left by `~.`. */
export async function runTerminal({ out, signal }: Context, place: TerminalPlace): Promise<void> {
  const { stdin, stdout } = process;
  const { client, environmentId, token, command, cwd, terminalId } = place;
  const left = new AbortController();
  const terminal = await openTerminal(client, {
    path: { environment_id: environmentId },
    token,
    command,
    cwd,
    terminalId,
    rows: stdout.isTTY ? stdout.rows : undefined,
    cols: stdout.isTTY ? stdout.columns : undefined,
    term: process.env["TERM"],
    signal,
    onReconnect: (failures) =>
      void (failures === 1 && stdout.isTTY && stdout.write("\u001b7\r\n[connecting again …]\u001b8")),
    onLost: (bytes) => out.warn(`${bytes} bytes of output are gone.`),
  });
  const resize = () => terminal.resize(stdout.rows, stdout.columns);
  const keys = new EscapeKeys();
  const type = (bytes: Buffer) => {
    const { typed, leaves } = stdin.isTTY ? keys.take(bytes) : { typed: bytes, leaves: false };
    if (typed.byteLength > 0) void send(terminal, typed);
    if (leaves) {
      left.abort();
      terminal.detach();
    }
  };
  // To a program on a terminal, this is the end of its input.
  const end = () => void send(terminal, Uint8Array.of(4));
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on("data", type);
  stdin.on("end", end);
  stdout.on("resize", resize);
  try {
    for await (const bytes of terminal) {
      if (!stdout.write(bytes)) await new Promise((resolve) => stdout.once("drain", resolve));
    }
  } finally {
    stdin.off("data", type);
    stdin.off("end", end);
    stdout.off("resize", resize);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    if (stdout.isTTY && !terminal.exit) stdout.write(`${RESET}\r\n`);
  }
  if (left.signal.aborted) {
    return out.note(`The terminal goes on. Join it again: taskyard env shell ${environmentId} --attach ${terminal.id}`);
  }
  endAs(terminal, command);
}

/** Sends what is typed. What cannot be sent any more was typed too late. */
async function send(terminal: Terminal, bytes: Uint8Array): Promise<void> {
  await terminal.write(bytes).catch(() => undefined);
}

/** A shell ends as one likes; a command that was named may have failed. */
function endAs({ exit }: Terminal, command: string | undefined): void {
  if (!exit) return;
  if (exit.status !== "exited") {
    throw new Failure(
      EXIT.own,
      `The terminal is over${exit.reason === null ? "" : `: ${exit.reason}`}.`,
      "See what is there: taskyard env list",
    );
  }
  if (command !== undefined && exit.exitCode !== 0) throw new Outcome(EXIT.own);
}
