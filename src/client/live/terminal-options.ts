/** Which terminal of an environment, and how it begins (docs/terminals.md, "Opening and joining"). */
export interface TerminalOptions {
  path: { org?: string; ws?: string; environment_id: string };
  /** The environment's `execute_token`. */
  token: string;
  /** A line for the shell; a login shell where nothing is said. */
  command?: string | undefined;
  rows?: number | undefined;
  cols?: number | undefined;
  /** Where it begins; the folder of the task where nothing is said. */
  cwd?: string | undefined;
  /** `xterm-256color` where nothing is said. */
  term?: string | undefined;
  /** Joins this terminal instead of opening one. */
  terminalId?: string | undefined;
  /** Who types, where an earlier `Terminal` is taken up: its `clientId`. */
  clientId?: string | undefined;
  /** Bytes of output to leave out: its `offset`. */
  after?: number | undefined;
  /** Lets go of the terminal, which goes on: reading it then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How often in a row it may fail to connect before it gives up, some two minutes (20) where nothing is said. */
  retries?: number | undefined;
  /** Told each time the connection broke, before it is made again. */
  onReconnect?: ((failures: number) => void) | undefined;
  /** Told when somebody has changed the size. */
  onResize?: ((size: { rows: number; cols: number }) => void) | undefined;
  /** Told when so many bytes of output were gone before they could be sent. */
  onLost?: ((bytes: number) => void) | undefined;
}

/** How a terminal has ended. */
export interface TerminalExit {
  status: "exited" | "timed_out" | "killed" | "lost";
  /** Null where it is lost. */
  exitCode: number | null;
  /** Who ended it, where somebody did. */
  reason: string | null;
}
