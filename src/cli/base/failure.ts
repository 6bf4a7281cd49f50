/** How the command line fails: in words, with what to do next, and with an exit code that scripts can tell apart. */

/** Exit codes (docs/cli.md). */
export const EXIT = {
  /** What has no code of its own: a fault of the server, of this machine, or of this program. */
  failure: 1,
  /** The command line, or a file that it names, is wrong. */
  usage: 2,
  /** The server has nothing of that name, or shows it to others only. */
  notFound: 3,
  /** The server refuses: the key, its scopes, the input, or the state that something is in. */
  refused: 4,
  /** The server cannot be reached, or the connection broke. */
  network: 5,
  /** All went well here: what ran there has failed, such as a command, a run, or an item of an evaluation. */
  own: 10,
} as const;

/** Exit code after an interruption: 128 and the signal's number. */
export const EXIT_INTERRUPTED = 130;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A failure that its message explains; `hint` says what to do next, in whole sentences. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** Something on the command line that cannot be meant. */
export const usageFailure = (message: string, hint?: string) => new Failure(EXIT.usage, message, hint);

/**
 * Ends the program with an exit code of its own, after everything has been said: a command's `exit 3` in an environment,
 * or an evaluation of which items failed.
 */
export class Outcome extends Error {
  override readonly name = "Outcome";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`Ends with ${exitCode}`);
    this.exitCode = exitCode;
  }
}
