import { z } from "@hono/zod-openapi";
import { COMMAND_EXAMPLE, commandResponse, terminalQuery } from "../commands/command-schemas.ts";
import { ENVIRONMENT_PATH, environmentPath } from "../environment-schemas.ts";
import { DEFAULT_SHELL } from "./terminal-command.ts";

/** Terminals as clients ask for them and see them (docs/terminals.md). */

export const TERMINAL_PATH = `${ENVIRONMENT_PATH}/terminal` as const;
export const TERMINALS_PATH = `${ENVIRONMENT_PATH}/terminals` as const;

const TERMINAL_ID = "01a0b6a4-5c1e-7c3a-9d55-1f0c2a6be401";

export const terminalPath = environmentPath.extend({ terminal_id: z.uuid().openapi({ example: TERMINAL_ID }) });

export const openQuery = z.object({
  terminal_id: z.uuid().optional().openapi({
    example: TERMINAL_ID,
    description: "The terminal to join. Without it one is opened",
  }),
  new_id: z.uuid().optional().openapi({
    example: TERMINAL_ID,
    description: "The id to open one under; who asks for it again, since an answer was lost, joins that terminal",
  }),
  after: z.coerce.number().int().min(0).optional().openapi({
    example: 0,
    description: "Bytes of output that the client has: what follows is sent. Without it, all that is kept",
  }),
  client_id: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional()
    .openapi({
      example: "console-7f3a",
      description:
        "Who types: who connects again under it goes on with its input where it was. `ready` has one otherwise",
    }),
  ...terminalQuery,
});

/** A command with a terminal, and who looks at it. */
export const terminalResponse = commandResponse
  .extend({
    connections: z.int().openapi({ description: "How many are connected to it" }),
    idle_timeout_sec: z
      .int()
      .nullable()
      .openapi({ description: "Seconds without anybody connected after which it is closed; null for never" }),
  })
  .openapi("EnvironmentTerminal");

export const terminalList = z.object({ terminals: z.array(terminalResponse) }).openapi("EnvironmentTerminalList");

export const TERMINAL_EXAMPLE: z.output<typeof terminalResponse> = {
  ...COMMAND_EXAMPLE,
  command_id: TERMINAL_ID,
  command: DEFAULT_SHELL,
  tty: { rows: 24, cols: 80 },
  stdin_open: true,
  connections: 1,
  idle_timeout_sec: 1_800,
};
