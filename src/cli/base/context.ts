import type { Output } from "../output/output.ts";
import type { Session } from "./session.ts";

/** What every command may be told, wherever it stands. */
export interface CommonOptions {
  json?: true | undefined;
  quiet?: true | undefined;
  url?: string | undefined;
  org?: string | undefined;
  workspace?: string | undefined;
}

/** What a command works with. */
export interface Context {
  readonly out: Output;
  readonly options: CommonOptions;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The server, organization and workspace that are meant, and a client of it. */
  readonly session: () => Promise<Session>;
  /** Says what is to be told if the command is interrupted from now on: what was left, and how to go on. */
  readonly whenInterrupted: (advice: string) => void;
}
