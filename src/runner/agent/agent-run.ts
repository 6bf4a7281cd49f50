import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { CommandRequest } from "../../runs/protocol/agent-protocol.ts";
import { AgentChannel } from "./agent-channel.ts";
import { AgentLines } from "../../runs/protocol/agent-lines.ts";
import { resolveAgent } from "./agent-program.ts";
import { agentVariables } from "./agent-variables.ts";
import { ArtifactUpload } from "./upload-artifact.ts";
import { findArtifacts, OUTPUT_FILE } from "./left-artifacts.ts";
import { readLines } from "./line-reader.ts";
import { shellLine } from "../process/limits.ts";
import { type Program, type ProgramEnd, startProgram } from "../process/program.ts";
import { endProcessesOf } from "../process/leftovers.ts";
import { removeFolder } from "../process/remove-folder.ts";
import type { RunGrant } from "./run-grant.ts";
import { RequestRefused, Server } from "../connection/server.ts";
import type { HeldWork, Say } from "../connection/held-work.ts";

export interface AgentOptions {
  /** The command of the operator, a line for the shell. */
  command: string;
  /** Where relative programs of the command are looked for. */
  base: string;
  /** Below which each run gets a folder of its own. */
  workFolder: string;
  /** What of the runner's environment agents may have, by name. */
  passedOn: readonly string[];
  /** The server's URL. */
  url: string;
}

/** Statuses in which a run is still to be done. */
const LIVE = new Set(["queued", "in_progress", "not_started"]);

/** Milliseconds for what an agent's end leaves to do, when the run was stopped. */
const LAST_WORDS_MS = 15_000;

/** An agent at work on one run, from its start to the end of the run. */
export class AgentRun implements HeldWork {
  readonly finished: Promise<void>;
  readonly #grant: RunGrant;
  readonly #options: AgentOptions;
  readonly #say: Say;
  readonly #server: Server;
  readonly #lines: AgentLines;
  readonly #channel: AgentChannel;
  readonly #stopped = new AbortController();
  /** Commands that the agent has: what their callers gave as id, by the id under which the agent got them. */
  readonly #commands = new Map<string, string | number | undefined>();
  #program: Program | undefined;
  /** The run ends by what is said here. */
  #isConcluding = false;

  constructor(grant: RunGrant, options: AgentOptions, say: Say) {
    this.#grant = grant;
    this.#options = options;
    this.#say = (line) => say(`run ${grant.run_id}: ${line}`);
    this.#server = new Server(options.url, grant.agent_token);
    this.#lines = new AgentLines(grant.run_id);
    this.#channel = new AgentChannel({
      server: this.#server,
      path: `${this.#path}/stream`,
      token: grant.event_token,
      onCommand: (id, message) => this.#command(id, message),
      onStatus: (status) => {
        if (!LIVE.has(status) && !this.#isConcluding) this.stop(`the run is ${status}`);
      },
    });
    this.finished = this.#run();
  }

  stop(reason: string): void {
    if (this.#stopped.signal.aborted) return;
    this.#stopped.abort(reason);
    this.#program?.terminate();
  }

  get #path(): string {
    const { project_id, task_id, run_id } = this.#grant;
    return `/api/projects/${project_id}/tasks/${task_id}/runs/${run_id}`;
  }

  async #run(): Promise<void> {
    const connection = this.#channel.run();
    let folder: string | undefined;
    try {
      folder = await mkdtemp(path.join(this.#options.workFolder, "run-"));
      await this.#patch({ status: "in_progress" });
      await Promise.race([this.#channel.ready, connection]);
      if (!this.#stopped.signal.aborted) await this.#workIn(folder);
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.#say(`failed: ${error instanceof Error ? error.message : String(error)}`);
      await this.#conclude("failed", `The runner failed: ${error instanceof Error ? error.message : "unknown"}`);
    } finally {
      if (this.#stopped.signal.aborted) this.#say(`stopped: ${String(this.#stopped.signal.reason)}`);
      this.#channel.stop();
      await connection;
      if (folder !== undefined) await removeFolder(folder, this.#say);
    }
  }

  /** Ends what the agent has left running: whatever a run has started ends with it. */
  async #endLeftovers(folder: string): Promise<void> {
    const processes = await endProcessesOf(folder);
    if (processes > 0) this.#say(`ended ${processes} processes that the agent had left`);
  }

  async #workIn(folder: string): Promise<void> {
    this.#say("started");
    const outputs = path.join(folder, "output");
    const ended = await this.#work(folder, outputs);
    if (this.#stopped.signal.aborted) return;
    // The output of a task with a schema ends the run, as the server tells at once.
    this.#isConcluding = true;
    const artifactProblem = await this.#bringOut(outputs);
    const failure = artifactProblem ?? describeFailure(ended);
    this.#say(failure ?? "completed");
    await this.#conclude(failure === undefined ? "completed" : "failed", failure);
  }

  /** Runs the agent to its end, with all that it says passed on. */
  async #work(folder: string, outputs: string): Promise<ProgramEnd> {
    const place = path.join(folder, "work");
    const taskFile = path.join(folder, "task.json");
    await mkdir(place);
    await mkdir(outputs);
    const { task, run, run_id, task_id } = this.#grant;
    await writeFile(taskFile, JSON.stringify({ id: task_id, ...task, run: { id: run_id, ...run } }, null, 2));
    const places = { url: this.#server.url, path: this.#path, taskFile, outputFolder: outputs };
    const program = await startProgram({
      argv: shellLine(resolveAgent(this.#options.command, this.#options.base)),
      cwd: place,
      env: agentVariables(this.#grant, places, this.#options.passedOn),
    });
    this.#program = program;
    if (this.#stopped.signal.aborted) program.terminate();
    const allEnded = program.ended.then(async (ended) => {
      await this.#endLeftovers(folder);
      return ended;
    });
    const [ended] = await Promise.all([allEnded, this.#readOutput(program), this.#readErrors(program)]);
    this.#program = undefined;
    return ended;
  }

  async #readOutput(program: Program): Promise<void> {
    for await (const line of readLines(program.stdout, program.ended)) {
      if (line === "") continue;
      const said = this.#lines.read(line);
      if (said.kind === "event") await this.#channel.add(said.json);
      else if (!this.#answer(said.id, said.message)) await this.#channel.add(this.#lines.text("info", line));
    }
  }

  async #readErrors(program: Program): Promise<void> {
    for await (const line of readLines(program.stderr, program.ended)) {
      if (line !== "") await this.#channel.add(this.#lines.text("error", line));
    }
  }

  /** Hands a command to the agent, under an id that no other command has. */
  #command(id: string, message: CommandRequest): void {
    const program = this.#program;
    if (!program?.stdin.writable) {
      const error = { code: -32_000, message: "The agent is not running" };
      return this.#channel.answer(id, { jsonrpc: "2.0", id: message.id ?? null, error });
    }
    this.#commands.set(id, message.id);
    program.stdin.write(`${JSON.stringify({ ...message, id })}\n`);
  }

  /** False when the agent has no command of this id to answer. */
  #answer(id: string, message: Record<string, unknown>): boolean {
    if (!this.#commands.has(id)) return false;
    this.#channel.answer(id, { ...message, id: this.#commands.get(id) ?? null });
    return this.#commands.delete(id);
  }

  /** Uploads what the agent has left and sets the output; what went wrong, in words. */
  async #bringOut(folder: string): Promise<string | undefined> {
    const { files, problems } = await findArtifacts(folder, this.#grant.artifact_max_bytes);
    for (const problem of problems) await this.#channel.add(this.#lines.text("error", `Not uploaded: ${problem}`));
    await new ArtifactUpload(this.#server, this.#path, this.#stopped.signal).run(files);
    const text = await readFile(path.join(folder, OUTPUT_FILE), "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      await this.#server.send("PATCH", `${this.#path}/set_output`, { output: JSON.parse(text) }, this.#stopped.signal);
      return undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return `${OUTPUT_FILE} is not JSON: ${error.message}`;
      if (error instanceof RequestRefused) return `${OUTPUT_FILE} was refused: ${error.message}`;
      throw error;
    }
  }

  /** Ends the events and then the run. */
  async #conclude(status: "completed" | "failed", reason: string | undefined): Promise<void> {
    this.#isConcluding = true;
    const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_WORDS_MS).unref());
    await Promise.race([this.#channel.complete(), late]);
    await this.#patch({ status, ...(reason !== undefined && { error_message: reason }) }).catch((error: unknown) => {
      this.#say(`could not end the run: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  async #patch(change: object): Promise<void> {
    await this.#server.send("PATCH", this.#path, change, this.#stopped.signal);
  }
}

function describeFailure(ended: ProgramEnd): string | undefined {
  if ("failure" in ended) return ended.failure;
  return ended.exitCode === 0 ? undefined : `The agent ended with exit code ${ended.exitCode}.`;
}
