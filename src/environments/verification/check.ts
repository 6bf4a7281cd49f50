import { namesMachineVariable } from "../../sandbox/container-task.ts";
import type { ExecuteResponse } from "../commands/command-schemas.ts";

/** The reward from which on a task passes that says nothing of it (evaluations 2, the table of ends). */
export const PASS_THRESHOLD = 1;

/** A command of a verification. */
export interface CheckCommand {
  command: string;
  env: Record<string, string>;
  /** Variables whose values may name those of a runner's machine. */
  machine_env?: Record<string, string>;
  /** Whom it runs as, where the sandbox knows users. */
  user?: string;
  timeout_sec: number;
  separate_output: boolean;
}

/** What a task says of a command's variables: values that name the machine's are for the machine to fill in. */
export function variablesOf(env: Record<string, string>): Pick<CheckCommand, "env" | "machine_env"> {
  return Object.values(env).some(namesMachineVariable) ? { env: {}, machine_env: env } : { env };
}

/** How the command that finds out has ended. */
export type Outcome = Pick<ExecuteResponse, "exit_code" | "stdout" | "status">;

/** The environment that is verified. */
export interface Machine {
  run: (command: CheckCommand) => Promise<ExecuteResponse>;
  /** Writes a file; folders on its way are made. */
  write: (path: string, content: ReadableStream<Uint8Array>, size: number) => Promise<void>;
}

/** `reward` is 1 or 0 where the task knows only passed and not passed, null where the verification gave none. */
export interface Judgement {
  passed: boolean;
  reward: number | null;
  /** All numbers that the verification gave, by their names; null where it gave one alone. */
  rewards: Record<string, number> | null;
}

/** How an environment's task is verified: what is done before, the command that finds out, and what its outcome means. */
export interface Check {
  method: string;
  prepare?: (machine: Machine) => Promise<void>;
  command: CheckCommand;
  judge: (outcome: Outcome, machine: Machine) => Promise<Judgement>;
}
