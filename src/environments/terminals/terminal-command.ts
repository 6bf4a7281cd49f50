import { type SandboxCommand, UNLIMITED_SECONDS } from "../../sandbox/port.ts";
import type { TerminalStart } from "../object-request.ts";

/** What a terminal runs where nothing is asked for: the shell that people expect, or the one that there is. */
export const DEFAULT_SHELL = "if command -v bash > /dev/null; then exec bash -l; else exec sh -l; fi";

/** What its programs take a terminal for. */
export const DEFAULT_TERM = "xterm-256color";

/** Of a terminal's output none is too much: the program is held up, and what is old is dropped. */
export const TERMINAL_OUTPUT_BYTES = Number.MAX_SAFE_INTEGER;

/** The command of a terminal that nobody has asked more of than to be there. */
export function terminalCommand(id: string, { command, cwd, term, rows, cols }: TerminalStart): SandboxCommand {
  return {
    id,
    command,
    cwd,
    env: { TERM: term },
    stdin: new Uint8Array(0),
    keepsInput: true,
    tty: { rows, cols },
    separateOutput: false,
    limits: { seconds: UNLIMITED_SECONDS, outputBytes: TERMINAL_OUTPUT_BYTES },
  };
}
