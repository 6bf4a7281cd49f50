/**
 * Runs Taskyard on this machine: local D1 migrations, then `wrangler dev`. `dev.ts` keeps its state, `demo.ts` throws
 * it away.
 */
import path from "node:path";
import { aborted, PlainError, ROOT } from "./command.ts";
import { migrateLocalDatabase } from "./migrations.ts";
import { type ProcessGroup, startProcessGroup } from "./process-group.ts";
import type { StateFolder } from "./state-folder.ts";

const WRANGLER = path.join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
const HOST = "127.0.0.1";

/** Milliseconds for `wrangler dev` to become ready: two on a laptop, many more on a loaded machine. */
const READY_TIMEOUT_MS = 90_000;
/** Milliseconds for `/health` to answer once wrangler listens. */
const HEALTH_TIMEOUT_MS = 15_000;
/** Milliseconds for the rest of an error that wrangler has begun to print. */
const ERROR_TEXT_MS = 500;

/** Starts with a free port of the machine's choice, each of which another program may take first. */
const FREE_PORT_ATTEMPTS = 5;

const READY_LINE = /Ready on (http:\/\/\S+)/;

class PortTaken extends PlainError {}

export interface LocalServerOptions {
  state: StateFolder;
  /** Port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Ends the start when aborted; a started server is ended by `stop`. */
  signal: AbortSignal;
}

export interface LocalServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  baseUrl: string;
  /** The processes: their output, their end, and how to stop them. */
  processes: ProcessGroup;
}

/** Applies the migrations, starts the server, waits for `/health`. Throws PlainError with what wrangler printed. */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  await migrateLocalDatabase(options.state.data, options.signal);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startServer(options);
    } catch (error) {
      // wrangler finds a free port and then listens on it: another program may have taken it in between.
      if (!(error instanceof PortTaken) || options.port !== 0 || attempt === FREE_PORT_ATTEMPTS) throw error;
    }
  }
}

async function startServer({ state, port, signal }: LocalServerOptions): Promise<LocalServer> {
  const processes = startWrangler(state, [
    "dev",
    `--ip=${HOST}`,
    `--port=${port}`,
    `--persist-to=${state.data}`,
    `--env-file=${state.settings}`,
    "--show-interactive-dev-session=false",
  ]);
  try {
    const baseUrl = await waitUntilReady(processes, port, signal);
    await checkHealth(baseUrl, processes, signal);
    return { baseUrl, processes };
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

/** Starts wrangler so that it asks nothing, reports nothing, calls nobody, and keeps its own files in the state folder. */
function startWrangler(state: StateFolder, args: string[]): ProcessGroup {
  const own = path.join(state.folder, "wrangler");
  return startProcessGroup(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: {
      ...process.env,
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_LOG_PATH: path.join(own, "logs"),
      WRANGLER_REGISTRY_PATH: path.join(own, "registry"),
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_SEND_METRICS: "false",
    },
  });
}

/** The URL that wrangler says it listens on. */
async function waitUntilReady(processes: ProcessGroup, port: number, signal: AbortSignal): Promise<string> {
  const ready = Promise.withResolvers<string>();
  const stopListening = processes.onLine((line) => {
    const url = READY_LINE.exec(line)?.[1];
    if (url !== undefined) ready.resolve(url);
    // wrangler may stay alive after an error, waiting for the source to change.
    if (line.includes("[ERROR]")) setTimeout(() => ready.reject(startFailure(processes, port)), ERROR_TEXT_MS);
  });
  const timeout = AbortSignal.timeout(READY_TIMEOUT_MS);
  try {
    return await Promise.race([
      ready.promise,
      processes.ended.then(() => Promise.reject(startFailure(processes, port))),
      aborted(AbortSignal.any([signal, timeout])),
    ]);
  } catch (error) {
    throw timeout.aborted ? startFailure(processes, port) : error;
  } finally {
    stopListening();
  }
}

function startFailure(processes: ProcessGroup, port: number): PlainError {
  const output = processes.output();
  if (output.includes("Address already in use")) {
    return new PortTaken(`Port ${port} is taken. Choose another one: PORT=${port + 1} npm run dev`);
  }
  return new PlainError(`The server did not start:\n\n${output}`);
}

async function checkHealth(baseUrl: string, processes: ProcessGroup, signal: AbortSignal): Promise<void> {
  const url = `${baseUrl}/health`;
  const either = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_TIMEOUT_MS)]);
  let answer: string;
  try {
    const response = await fetch(url, { signal: either });
    answer = `${response.status} ${await response.text()}`;
    if (response.ok) return;
  } catch (error) {
    signal.throwIfAborted();
    answer = String(error);
  }
  throw new PlainError(`GET ${url} answered: ${answer}\n\n${processes.output()}`);
}
