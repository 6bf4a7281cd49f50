import { logBackgroundFailure } from "../../http/request-log.ts";
import {
  type Sandbox,
  type SandboxCommand,
  type SandboxFiles,
  type SandboxPlace,
  type SandboxScript,
  type SandboxTraits,
  TASK_ROOT,
  TIMED_OUT_EXIT_CODE,
} from "../port.ts";
import { checkHealth, type Healthcheck, withLastWords } from "../healthcheck.ts";
import { ContainerCommand } from "./container-command.ts";
import { ContainerFiles } from "./container-files.ts";
import { asCommand, type ContainerMachine } from "./container-machine.ts";

export const CONTAINER_TRAITS: SandboxTraits = {
  kind: "container",
  description: "A Linux container on Cloudflare. The task's services are not started.",
  linux: true,
  network: true,
  services: false,
  streams: true,
  terminals: false,
};

const ARCHIVE = "/tmp/.taskyard-task.zip";

/**
 * `$1` the archive, `$2` the task's folder, `$3` the folder of the archive that is taken away or nothing, the rest what is
 * withheld, in any letter case; `/` at its end: all below.
 */
const UNPACK = `set -e
rm -rf -- "$2" "$2.unpacked"; unzip -q -o -d "$2.unpacked" "$1"; rm -f -- "$1"
mv -- "$2.unpacked/$3" "$2"; rm -rf -- "$2.unpacked"; cd -- "$2"; shift 3
for path; do
  find . -ipath "./\${path%/}" -prune -exec rm -rf -- {} +
done`;

/** What a path has to be quoted in so that find takes it as it is. */
const PATTERN = /[*?[\]\\]/g;

/** Runs commands in a container of @cloudflare/sandbox, one for each environment. */
export class ContainerSandbox implements Sandbox {
  readonly traits = CONTAINER_TRAITS;
  /** The stream of a command ends with the object that reads it. */
  readonly outlivesObject = false;
  readonly files: SandboxFiles;
  readonly #place: SandboxPlace;
  readonly #machine: ContainerMachine;
  readonly #running = new Map<string, ContainerCommand>();
  readonly #destroyed = new AbortController();

  constructor(place: SandboxPlace, machine: ContainerMachine) {
    this.#place = place;
    this.#machine = machine;
    this.files = new ContainerFiles(machine);
  }

  /** Unpacks the archive, without what is withheld, and runs the provision script. */
  async provision(): Promise<void> {
    const { host, task, openArchive } = this.#place;
    try {
      await this.#machine.setKeepAlive(true);
      await this.#machine.writeFile(ARCHIVE, await openArchive().read(0, task.fileSize));
      const withheld = task.withheldPaths.map((path) => path.replaceAll(PATTERN, String.raw`\$&`));
      const unpacked = await this.#machine.exec(asCommand(UNPACK, ARCHIVE, TASK_ROOT, task.archiveRoot, ...withheld));
      if (unpacked.exitCode !== 0) return await host.failed(`The archive cannot be unpacked: ${unpacked.stderr}`);
    } catch (error) {
      logBackgroundFailure("provisionContainer", error);
      return host.failed("The container did not start.");
    }
    host.log(`${task.organizationKey}/${task.name}@${task.version} is in ${TASK_ROOT}.`);
    const fault = task.provision && (await this.#runScript("provision", task.provision));
    if (fault) return host.failed(fault);
    const check = task.container?.healthcheck;
    const illness = check && (await this.#checkHealth(check));
    if (this.#destroyed.signal.aborted) return;
    await (illness ? host.failed(illness) : host.ready({}));
  }

  async start(command: SandboxCommand): Promise<void> {
    const secrets = await this.#place.secrets();
    if (this.#running.has(command.id)) return;
    const running = new ContainerCommand(this.#machine, command, this.#place.host, secrets);
    this.#running.set(command.id, running);
    void this.#run(command.id, running);
  }

  async kill(commandId: string): Promise<void> {
    await this.#running.get(commandId)?.kill();
  }

  async destroy(): Promise<void> {
    this.#destroyed.abort();
    const { teardown } = this.#place.task;
    try {
      await Promise.all([...this.#running.values()].map((command) => command.kill()));
      if (teardown) await this.#runScript("teardown", teardown);
    } catch (error) {
      // Most likely the container is gone already, which is what is wanted.
      logBackgroundFailure("teardownContainer", error);
    }
    await this.#machine.destroy();
  }

  async #run(id: string, command: ContainerCommand): Promise<void> {
    const { host } = this.#place;
    try {
      await host.ended(id, await command.run());
    } catch (error) {
      logBackgroundFailure("containerCommand", error);
      await host.ended(id, { status: "lost", reason: "The connection to the container was lost." });
    } finally {
      this.#running.delete(id);
    }
  }

  /** Undefined when the script has ended well, else what to tell users. */
  async #runScript(role: string, { script, timeout }: SandboxScript): Promise<string | undefined> {
    const run = 'cd -- "$1" && if [ -f "$2" ]; then timeout "$3" bash "$2"; else timeout "$3" bash -c "$2"; fi';
    const line = asCommand(run, TASK_ROOT, script, String(timeout));
    const { variables, mask } = await this.#place.secrets();
    const { exitCode, stdout, stderr } = await this.#machine.exec(line, { env: { ...variables } });
    for (const text of [stdout, stderr]) if (text.trim() !== "") this.#place.host.log(mask.text(text.trimEnd()));
    if (exitCode === 0) return undefined;
    return `The ${role} script '${script}' ended with exit code ${exitCode}; see the environment's logs.`;
  }

  /** Undefined when the task's healthcheck has passed, or nobody wants to know any more; else what to tell users. */
  async #checkHealth(check: Healthcheck): Promise<string | undefined> {
    const { signal } = this.#destroyed;
    const line = asCommand(
      'cd -- "$1" && exec timeout "$2" bash -c "$3"',
      TASK_ROOT,
      String(check.timeout_sec),
      check.command,
    );
    const { variables, mask } = await this.#place.secrets();
    const run = async () => {
      const { exitCode, stdout, stderr } = await this.#machine.exec(line, { env: { ...variables } });
      if (exitCode === 0) return undefined;
      const ending = exitCode === TIMED_OUT_EXIT_CODE ? "took too long" : `ended with exit code ${exitCode}`;
      return withLastWords(ending, mask.text(stdout + stderr));
    };
    try {
      return await checkHealth(check, run, (text) => this.#place.host.log(text), signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }
}
