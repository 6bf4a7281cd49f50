/** `npm run runner`: lends this machine to a Taskyard server (docs/runner.md). */
import { tmpdir } from "node:os";
import { POOL_CLOSE_CODES, type WorkKind } from "../pool/pool-protocol.ts";
import { findAgentProblem } from "./agent/agent-program.ts";
import { AgentRun } from "./agent/agent-run.ts";
import { environmentGrant } from "./environment/environment-grant.ts";
import { chooseSandboxes, MachineUnfit } from "./choose-sandboxes.ts";
import { EnvironmentSession } from "./environment/environment-session.ts";
import { MachineVariables } from "./environment/machine-variables.ts";
import { helpText, OptionsRefused, readOptions, type RunnerOptions } from "./options.ts";
import { prune, PRUNE } from "./prune.ts";
import { PoolClient } from "./connection/pool-client.ts";
import { removeFolder } from "./process/remove-folder.ts";
import { runGrant } from "./agent/run-grant.ts";
import { RequestRefused, Server } from "./connection/server.ts";
import { makeWorkFolder, removeLeftFolders } from "./work-folder.ts";
import type { HeldWork } from "./connection/held-work.ts";

/** Exit codes: wrong options, a machine that cannot do it, and a server that does not want this runner. */
const EXIT_OPTIONS = 2;
const EXIT_MACHINE = 3;
const EXIT_SERVER = 4;

/** Milliseconds for what was sent last. */
const LAST_BYTES_MS = 500;

const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

/** Says what is wrong, and ends the program with this code. */
function fail(exitCode: number, message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = exitCode;
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  let options: RunnerOptions | undefined;
  try {
    if (args[0] === PRUNE) return await prune(args.slice(1), say);
    options = readOptions(args, process.env);
  } catch (error) {
    if (error instanceof OptionsRefused) return fail(EXIT_OPTIONS, `${error.message}\n\n${helpText()}`);
    throw error;
  }
  if (!options) return void process.stdout.write(`${helpText()}\n`);
  const agentProblem = options.agent === undefined ? undefined : findAgentProblem(options.agent, process.cwd());
  if (agentProblem !== undefined) return fail(EXIT_OPTIONS, `--agent: ${agentProblem}`);
  const server = new Server(options.url, options.key, (failure) => say(`${options.url}: ${failure}`));
  // Neither agents nor commands are to inherit it.
  delete process.env["TASKYARD_RUNNER_KEY"];
  const parent = options["work-folder"] ?? tmpdir();
  await removeLeftFolders(parent, say);
  const workFolder = await makeWorkFolder(parent);
  try {
    await lend(options, server, workFolder);
  } finally {
    await removeFolder(workFolder, say);
  }
}

async function lend(options: RunnerOptions, server: Server, workFolder: string): Promise<void> {
  const sandboxes = options.kinds.includes("environment")
    ? await chooseSandboxes(options, workFolder, say).catch(refuseMachine)
    : undefined;
  if (sandboxes === null) return;
  const refusal = await askServer(server, options.org);
  if (refusal === "interrupted") return say("stopped before the server was reached");
  if (refusal !== undefined) return fail(EXIT_SERVER, refusal);
  const { org, name, slots, labels, kinds } = options;
  const variables = new MachineVariables(options["allow-env"], process.env);
  const begin = (kind: WorkKind, details: unknown): HeldWork => {
    if (kind === "run") return new AgentRun(runGrant.parse(details), agentOptions(options, workFolder), say);
    if (!sandboxes) throw new Error("The pool has granted an environment to a runner that takes none");
    return new EnvironmentSession(environmentGrant.parse(details), { server, org, sandboxes, variables }, say);
  };
  const capabilities = sandboxes?.capabilities ?? [];
  const pool = new PoolClient({ server, org, name, slots, labels, capabilities, kinds, begin, say });
  const isolation = sandboxes ? `, isolation ${sandboxes.kind}` : "";
  say(`${name}: ${slots} slots for ${kinds.join(" and ")}${isolation}, server ${server.url}`);
  const leaving = onSignals(async () => {
    say("stopping");
    await pool.leave(options["grace-seconds"] * 1000);
  });
  const code = await pool.run();
  await leaving();
  if (code === POOL_CLOSE_CODES.malformed) fail(EXIT_SERVER, "The server speaks another protocol: update this runner.");
  if (code === POOL_CLOSE_CODES.replaced) fail(EXIT_SERVER, "Another connection of this runner took its place.");
}

/** Leaves once, at the first signal; the returned function waits for it, or leaves by itself. */
function onSignals(leave: () => Promise<void>): () => Promise<void> {
  let leaving: Promise<void> | undefined;
  const begin = () => (leaving ??= leave());
  for (const signal of ENDING_SIGNALS) process.on(signal, () => void begin());
  return begin;
}

/** Says why this machine cannot run commands of environments; anything else is thrown on. */
function refuseMachine(error: unknown): null {
  if (!(error instanceof MachineUnfit)) throw error;
  fail(EXIT_MACHINE, error.message);
  return null;
}

function agentOptions(options: RunnerOptions, workFolder: string) {
  const { agent = "", url } = options;
  return { command: agent, base: process.cwd(), workFolder, passedOn: options["agent-env"], url };
}

/**
 * Why the server does not want this runner; undefined when it does. One that cannot be reached is asked again until it can
 * be, or until a signal ends that.
 */
async function askServer(server: Server, org: string): Promise<string | undefined> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  for (const signal of ENDING_SIGNALS) process.once(signal, interrupt);
  try {
    for (;;) {
      try {
        await server.send("GET", `/api/v1/org/${org}/runners/connect`, undefined, interrupted.signal);
        return undefined;
      } catch (error) {
        if (interrupted.signal.aborted) return "interrupted";
        // What it says to a key that may connect and has not asked for a WebSocket.
        if (error instanceof RequestRefused && error.status === 400) return undefined;
        if (error instanceof RequestRefused) return `The server refuses this runner: ${error.message}`;
        say(`${server.url} cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, interrupt);
  }
}

await main();
// A connection whose other side does not end it would keep the process alive; what was sent has gone out by then.
setTimeout(() => process.exit(), LAST_BYTES_MS).unref();
