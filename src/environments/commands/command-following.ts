import type { CommandRow, OutputPiece } from "./command-log.ts";
import { unwrap } from "../environment-access.ts";
import { askAgain } from "../../objects/ask-again.ts";
import type { EnvironmentHandle } from "../object/environment-handle.ts";
import type { EnvironmentAccess } from "../object/environment-outcome.ts";

/** How long one question to the object waits for news, in milliseconds. */
const PATIENCE_MS = 20_000;
/** What whoever follows a command is told when their key ends meanwhile. */
export const KEY_ENDED = "The key that opened this connection is good no more. The command goes on.";

/** A command whose output is wanted, and who may see it. */
export interface FollowedCommand {
  /** Opens the environment anew: a stub whose object was lost is of no more use. */
  open: () => EnvironmentHandle;
  access: EnvironmentAccess;
  commandId: string;
}

/**
 * The output of a command from its beginning, as it comes, until its end; returns the command as it has ended. When the
 * object is lost meanwhile, what it has stored goes on from there.
 */
export async function* followCommand(followed: FollowedCommand): AsyncGenerator<OutputPiece[], CommandRow, void> {
  let offset = 0;
  for (;;) {
    const from = offset;
    const { command, pieces, next } = unwrap(
      await askAgain(() => followed.open().follow(followed.access, followed.commandId, from, PATIENCE_MS)),
    );
    if (pieces.length > 0) yield pieces;
    offset = next;
    if (command.ended !== null && next >= command.stdout_kept + command.stderr_kept) return command;
  }
}
