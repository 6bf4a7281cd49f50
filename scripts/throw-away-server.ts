import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PlainError } from "./command.ts";
import { type LocalServer, startLocalServer } from "./local-server.ts";
import { openStateFolder, type StateFolder } from "./state-folder.ts";

/** Lines of the server's output that a failure shows. */
const SHOWN_LINES = 12;

/** Runs `use` with a server on a free port, whose state is removed with it, however `use` ends. */
export async function withThrowAwayServer(
  signal: AbortSignal,
  use: (server: LocalServer, state: StateFolder) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "taskyard-"));
  try {
    const state = await openStateFolder(folder);
    const server = await startLocalServer({ state, port: 0, signal });
    try {
      await use(server, state);
    } catch (error) {
      if (!(error instanceof PlainError)) throw error;
      const lines = server.processes.output().split("\n").slice(-SHOWN_LINES);
      throw new PlainError(`${error.message}\n\nThe server's last lines:\n  ${lines.join("\n  ")}`);
    } finally {
      await server.processes.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
