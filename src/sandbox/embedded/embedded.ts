import { readConfig } from "../../config.ts";
import { logBackgroundFailure } from "../../http/request-log.ts";
import { applySchema } from "../../objects/object-schema.ts";
import {
  type CommandEnding,
  type OutputStream,
  type Sandbox,
  type SandboxCommand,
  type SandboxFiles,
  type SandboxPlace,
  type SandboxScript,
  type SandboxTraits,
  TASK_ROOT,
} from "../port.ts";
import { checkHealth, type Healthcheck, withLastWords } from "../healthcheck.ts";
import { importArchive, ImportRefused } from "./archive-import.ts";
import { FileContent } from "./file-content.ts";
import { FileTree } from "./file-tree.ts";
import { resolvePath } from "./paths.ts";
import { EmbeddedFiles } from "./sandbox-files.ts";
import { runShell, type ShellOutcome } from "./shell/shell.ts";
import { ShellFiles } from "./shell/shell-files.ts";
import { TREE_SCHEMA } from "./tree-schema.ts";

export const EMBEDDED_TRAITS: SandboxTraits = {
  kind: "embedded",
  description:
    "A bash interpreter with the usual text tools inside the Worker: no Linux, no programs of its own, no network. " +
    "Output comes when a command is over.",
  linux: false,
  network: false,
  services: false,
  streams: false,
  terminals: false,
};

/** Bytes of a script's output that go to the environment's log. */
const SCRIPT_OUTPUT_BYTES = 16 * 1024;

/** Runs commands in a shell inside the environment's own object, on files that are stored in it. */
export class EmbeddedSandbox implements Sandbox {
  readonly traits = EMBEDDED_TRAITS;
  readonly outlivesObject = false;
  readonly files: SandboxFiles;
  readonly #place: SandboxPlace;
  readonly #tree: FileTree;
  readonly #content: FileContent;
  readonly #running = new Map<string, { stop: AbortController; over: Promise<void> }>();
  #provisioning = Promise.resolve();
  readonly #destroyed = new AbortController();

  constructor(place: SandboxPlace) {
    const { storage } = place.ctx;
    storage.transactionSync(() => applySchema(storage.sql, [TREE_SCHEMA]));
    const { EMBEDDED_MAX_FILES, EMBEDDED_MAX_BYTES } = readConfig(place.env);
    this.#place = place;
    this.#tree = new FileTree(storage.sql, EMBEDDED_MAX_FILES);
    storage.transactionSync(() => this.#tree.discardUnnamed());
    this.#content = new FileContent(storage.sql, this.#tree, place.openArchive, EMBEDDED_MAX_BYTES, (name, error) => {
      logBackgroundFailure("readArchive", error);
      place.host.log(`'${name}' cannot be read: the task's archive does not give it. Was this version deleted?`);
    });
    this.files = new EmbeddedFiles(this.#tree, this.#content);
  }

  /** Lists the archive and runs the provision script; it is run again when the object was lost during it. */
  provision(): Promise<void> {
    return (this.#provisioning = this.#provision());
  }

  async #provision(): Promise<void> {
    const { ctx, host, task, env, openArchive } = this.#place;
    try {
      const files = await importArchive(
        ctx.storage,
        this.#tree,
        openArchive(),
        task,
        readConfig(env).EMBEDDED_MAX_FILES,
      );
      host.log(`${files} files of ${task.organizationKey}/${task.name}@${task.version} are in ${TASK_ROOT}.`);
    } catch (error) {
      if (!(error instanceof ImportRefused)) logBackgroundFailure("importArchive", error);
      return host.failed(error instanceof ImportRefused ? error.message : "The task's archive cannot be read.");
    }
    const { signal } = this.#destroyed;
    if (signal.aborted) return;
    const fault = task.provision && (await this.#runScript("provision", task.provision));
    if (fault) return host.failed(fault);
    const check = task.container?.healthcheck;
    const illness = check && (await this.#checkHealth(check));
    if (signal.aborted) return;
    await (illness ? host.failed(illness) : host.ready({}));
  }

  async start(command: SandboxCommand): Promise<void> {
    if (!this.#running.has(command.id)) void this.#run(command);
  }

  async kill(commandId: string): Promise<void> {
    this.#running.get(commandId)?.stop.abort(new DOMException("The command was killed.", "AbortError"));
  }

  /** Ends what runs, runs the teardown script, where commands could run at all, and forgets the files. */
  async destroy(): Promise<void> {
    this.#destroyed.abort();
    const running = [...this.#running];
    for (const [id] of running) await this.kill(id);
    // What still ran would write files after they are forgotten.
    await Promise.allSettled([this.#provisioning, ...running.map(([, { over }]) => over)]);
    const { task, ctx } = this.#place;
    if (task.teardown && this.#tree.find(TASK_ROOT, "open")) await this.#runScript("teardown", task.teardown);
    ctx.storage.transactionSync(() => this.#tree.clear());
  }

  async #run(command: SandboxCommand): Promise<void> {
    const { host } = this.#place;
    try {
      const { output, ending } = await this.#execute(command);
      for (const stream of ["stdout", "stderr"] satisfies OutputStream[]) {
        host.output(command.id, stream, 0, output[stream]);
      }
      await host.ended(command.id, ending);
    } catch (error) {
      logBackgroundFailure("embeddedCommand", error);
      await host.ended(command.id, { status: "lost", reason: "The embedded shell failed while the command ran." });
    }
  }

  async #execute(command: SandboxCommand): Promise<ShellOutcome> {
    const stop = new AbortController();
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.#running.set(command.id, { stop, over });
    try {
      return await this.#runUntil(command, stop);
    } finally {
      this.#running.delete(command.id);
      resolve();
    }
  }

  async #runUntil(command: SandboxCommand, stop: AbortController): Promise<ShellOutcome> {
    // What was committed for the command goes out before the shell begins: it may keep the isolate busy.
    await this.#place.ctx.storage.sync();
    const timeUp = new DOMException("The command's time is up.", "TimeoutError");
    const timer = setTimeout(() => stop.abort(timeUp), command.limits.seconds * 1000);
    try {
      const { variables, mask } = await this.#place.secrets();
      const known = { ...command, env: { ...variables, ...command.env } };
      return await runShell(new ShellFiles(this.#tree, this.#content), known, stop.signal, mask);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Undefined when the script has ended well, else what to tell users. */
  async #runScript(role: "provision" | "teardown", { script, timeout }: SandboxScript): Promise<string | undefined> {
    const path = resolvePath(TASK_ROOT, script);
    const isFile = this.#tree.find(path, "open")?.type === "file";
    const line = isFile ? `bash '${path.replaceAll("'", String.raw`'\''`)}'` : script;
    const { host } = this.#place;
    host.log(`The ${role} script starts.`);
    const outcome = await this.#runLine(role, line, timeout);
    if (!outcome) return `The ${role} script '${script}' was too much for the embedded shell.`;
    const { output, ending } = outcome;
    for (const stream of ["stdout", "stderr"] satisfies OutputStream[]) {
      const text = new TextDecoder().decode(output[stream]).trimEnd();
      if (text !== "") host.log(text);
    }
    const end = describeEnding(ending);
    host.log(`The ${role} script ${end}.`);
    if (ending.status === "exited" && ending.exitCode === 0) return undefined;
    return `The ${role} script '${script}' ${end}; see the environment's logs.`;
  }

  /** Undefined when the task's healthcheck has passed, or nobody wants to know any more; else what to tell users. */
  async #checkHealth(check: Healthcheck): Promise<string | undefined> {
    const { signal } = this.#destroyed;
    const run = async () => {
      const outcome = await this.#runLine("healthcheck", check.command, check.timeout_sec);
      if (!outcome) return "was too much for the embedded shell";
      const { output, ending } = outcome;
      if (ending.status === "exited" && ending.exitCode === 0) return undefined;
      const words = new TextDecoder().decode(output.stdout) + new TextDecoder().decode(output.stderr);
      return withLastWords(describeEnding(ending), words);
    };
    try {
      return await checkHealth(check, run, (line) => this.#place.host.log(line), signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** Runs a line of the task's own; undefined where the shell itself failed. */
  async #runLine(id: string, line: string, seconds: number): Promise<ShellOutcome | undefined> {
    const command: SandboxCommand = {
      id,
      command: line,
      cwd: TASK_ROOT,
      env: {},
      stdin: new Uint8Array(0),
      keepsInput: false,
      tty: null,
      separateOutput: true,
      limits: { seconds, outputBytes: SCRIPT_OUTPUT_BYTES },
    };
    return await this.#execute(command).catch((error: unknown) => {
      logBackgroundFailure(`${id}Script`, error);
      return undefined;
    });
  }
}

function describeEnding(ending: CommandEnding): string {
  if (ending.status === "exited") return `ended with exit code ${ending.exitCode}`;
  return ending.status === "timed_out" ? "took too long" : "was stopped";
}
