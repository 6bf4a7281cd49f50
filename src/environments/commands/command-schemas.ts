import { z } from "@hono/zod-openapi";
import { START_FOLDER, TASK_ROOT, UNLIMITED_SECONDS } from "../../sandbox/port.ts";
import { DEFAULT_TERM } from "../terminals/terminal-command.ts";
import { MAX_CHARACTERS } from "../terminals/terminal-messages.ts";
import { ENVIRONMENT_PATH, environmentPath } from "../environment-schemas.ts";

/** Commands as clients send and see them (contract A3, C1; seed 002). */

export const COMMANDS_PATH = `${ENVIRONMENT_PATH}/commands` as const;
export const COMMAND_PATH = `${COMMANDS_PATH}/{command_id}` as const;

export const commandPath = environmentPath.extend({
  command_id: z.uuid().openapi({ example: "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be301" }),
});

/** Seconds that a command may take, and takes at most unless it says otherwise (A3). */
const MAX_SECONDS = 600;
const DEFAULT_SECONDS = 30;
const MAX_VARIABLES = 100;
/** The size of a terminal where none is asked for: that of the terminals which all others stand for. */
const DEFAULT_ROWS = 24;
const DEFAULT_COLS = 80;
const PATH_MAX_LENGTH = 4_096;

/** What no argument, variable or path of a program can hold. */
const withoutNul = (text: string) => !text.includes("\0");
const NUL = "holds a NUL character";

/**
 * Bytes of a command line or a variable: Linux takes 128 KiB with the variable's name and an end, for which some are left.
 * The same in every sandbox, so that what works in one does not fail in another.
 */
const WORD_MAX_BYTES = 128 * 1024 - 256;
const isShort = (text: string) =>
  text.length <= WORD_MAX_BYTES && new TextEncoder().encode(text).length <= WORD_MAX_BYTES;
const TOO_LONG = `has more than ${WORD_MAX_BYTES} bytes. Put it into a file, or into stdin`;

const line = z.string().min(1).refine(withoutNul, NUL).refine(isShort, TOO_LONG);

const folder = z
  .string()
  .min(1)
  .max(PATH_MAX_LENGTH)
  .refine(withoutNul, NUL)
  .default(START_FOLDER)
  .openapi({
    example: TASK_ROOT,
    description: `Folder to start in, or relative to where commands start: ${TASK_ROOT}, or the working folder of the task's own image`,
  });

/** Rows or columns of a terminal. */
const characters = z.int().min(1).max(MAX_CHARACTERS);

/** The size of a terminal in characters. */
export const terminalSize = z
  .object({ rows: characters.openapi({ example: 24 }), cols: characters.openapi({ example: 80 }) })
  .openapi("TerminalSize");

const term = z
  .string()
  .regex(/^[\w.+-]{1,64}$/, "is no name of a kind of terminal")
  .default(DEFAULT_TERM)
  .openapi({ example: DEFAULT_TERM, description: "The variable TERM" });

/** How a terminal is opened, in the query of its WebSocket. */
export const terminalQuery = {
  command: line.max(PATH_MAX_LENGTH).optional().openapi({
    example: "python3",
    description: "A line for the shell that runs on the terminal; a login shell where nothing is said",
  }),
  cwd: folder,
  term,
  rows: z.coerce
    .number()
    .pipe(characters)
    .optional()
    .openapi({
      example: DEFAULT_ROWS,
      description: `${DEFAULT_ROWS} where nothing is said; of a terminal that is there, it is changed to it`,
    }),
  cols: z.coerce.number().pipe(characters).optional().openapi({ example: DEFAULT_COLS, description: "Like `rows`" }),
};

/** The size that a query asks for, where it does. */
export function sizeOf({ rows, cols }: { rows?: number | undefined; cols?: number | undefined }) {
  if (rows === undefined && cols === undefined) return undefined;
  return { rows: rows ?? DEFAULT_ROWS, cols: cols ?? DEFAULT_COLS };
}

export const DEFAULT_SIZE = { rows: DEFAULT_ROWS, cols: DEFAULT_COLS };

export const commandRequest = z
  .object({
    command: line.openapi({ example: "grep -c ERROR access.log", description: "A line for the shell" }),
    timeout_sec: z
      .int()
      .min(1)
      .max(MAX_SECONDS)
      .default(DEFAULT_SECONDS)
      .openapi({ example: DEFAULT_SECONDS, description: "Seconds after which it is ended" }),
    cwd: folder,
    env: z
      .record(
        z.string().regex(/^[A-Za-z_]\w{0,127}$/, "is no name of a variable"),
        z.string().refine(withoutNul, NUL).refine(isShort, TOO_LONG),
      )
      .refine((env) => Object.keys(env).length <= MAX_VARIABLES, `has more than ${MAX_VARIABLES} variables`)
      .default({})
      .openapi({ example: { LANG: "C" }, description: "Variables beside the sandbox's own" }),
    stdin: z.string().default("").openapi({ example: "", description: "All of standard input" }),
    separate_output: z
      .boolean()
      .default(false)
      .openapi({
        example: false,
        description:
          "Whether `stdout` and `stderr` are told apart, for which `output` may lose the order between them. Otherwise a Linux " +
          "sandbox gives both as `stdout`, exactly as they were written",
      }),
  })
  .openapi("ExecuteRequest", { description: "Request to execute a command inside a task environment." });

/** A command that nobody waits for, such as a server, is not ended by a time of its own unless it asks for one. */
export const backgroundRequest = commandRequest
  .extend({
    timeout_sec: z.int().min(1).max(UNLIMITED_SECONDS).default(UNLIMITED_SECONDS).openapi({
      example: 3_600,
      description: "Seconds after which it is ended; without it, it may run as long as the environment",
    }),
    tty: z
      .object({ rows: characters.default(DEFAULT_ROWS), cols: characters.default(DEFAULT_COLS), term })
      .nullable()
      .default(null)
      .openapi({
        example: null,
        description: "A terminal for it, on which it can be joined (docs/terminals.md); its output is what that shows",
      }),
    stdin_open: z.boolean().default(false).openapi({
      example: false,
      description: "Whether standard input stays open behind `stdin`, for `…/stdin`; so it does with `tty`",
    }),
  })
  .openapi("BackgroundCommandRequest", { description: "Request to start a command inside a task environment." });

const counts = z.object({
  total: z.int().openapi({ description: "Bytes that the command wrote" }),
  kept: z.int().openapi({ description: "Bytes that are kept, from the beginning; of a terminal the last ones" }),
});

const truncated = z
  .object({ stdout: counts, stderr: counts })
  .nullable()
  .openapi({ description: "Null when all output is there" });

const status = z.enum(["running", "exited", "timed_out", "killed", "lost"]).openapi({
  description: "`lost`: it is not known how the command ended, nor how far it came",
});

const seen = {
  command_id: z.uuid(),
  timed_out: z.boolean(),
  truncated,
  reason: z.string().nullable().openapi({ description: "Why it was killed or lost, where that is known" }),
  warnings: z
    .array(z.string())
    .optional()
    .openapi({ description: "What of the request was ignored; absent where nothing was, and in later answers" }),
};

export const executeResponse = z
  .object({
    exit_code: z.int().openapi({
      description: "Process exit code (0 = success). 124 after `timeout_sec`, 137 when it was killed",
    }),
    output: z.string().openapi({
      description:
        "Combined stdout/stderr output, in the order in which it was written unless `separate_output` was asked",
    }),
    stdout: z.string().openapi({ description: "All of the output where the two were not told apart" }),
    stderr: z.string().openapi({ description: "Empty where the two were not told apart" }),
    status: z.enum(["exited", "timed_out", "killed"]),
    ...seen,
    duration_ms: z.int(),
  })
  .openapi("ExecuteResponse", { description: "Result of a command executed in a task environment." });

export type ExecuteResponse = z.output<typeof executeResponse>;

const COMMAND_ID = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be301";

export const EXECUTE_EXAMPLE: ExecuteResponse = {
  exit_code: 0,
  output: "17\n",
  stdout: "17\n",
  stderr: "",
  status: "exited",
  command_id: COMMAND_ID,
  timed_out: false,
  truncated: null,
  reason: null,
  duration_ms: 12,
};

/** A command without its output. */
export const commandResponse = z
  .object({
    ...seen,
    command: z.string(),
    cwd: z.string(),
    background: z.boolean().openapi({ description: "Whether nobody waits for it" }),
    status,
    exit_code: z.int().nullable().openapi({ description: "Null while it runs, and for a command that is lost" }),
    timeout_sec: z.int().nullable().openapi({ description: "Null for one that may run as long as the environment" }),
    started_at: z.iso.datetime(),
    ended_at: z.iso.datetime().nullable(),
    duration_ms: z.int().nullable(),
    output_bytes: z.int().openapi({ description: "Bytes of its output that can be read" }),
    tty: z.union([terminalSize, z.null()]).openapi({ description: "The size of its terminal; null where it has none" }),
    stdin_open: z.boolean().openapi({ description: "Whether `…/stdin` takes more" }),
  })
  .openapi("EnvironmentCommand");

export type CommandResponse = z.output<typeof commandResponse>;

export const COMMAND_EXAMPLE: CommandResponse = {
  command_id: COMMAND_ID,
  command: "sh train.sh",
  cwd: TASK_ROOT,
  background: true,
  status: "running",
  exit_code: null,
  timed_out: false,
  truncated: null,
  reason: null,
  timeout_sec: null,
  started_at: "2026-11-01T09:31:00.000Z",
  ended_at: null,
  duration_ms: null,
  output_bytes: 2_048,
  tty: null,
  stdin_open: false,
};

export const commandList = z.object({ commands: z.array(commandResponse) }).openapi("EnvironmentCommandList");
