import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type LocalServer, startLocalServer } from "./local-server.ts";
import { openStateFolder, type StateFolder } from "./state-folder.ts";

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
    } finally {
      await server.processes.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
