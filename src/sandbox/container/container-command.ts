import {
  type CommandEnding,
  type OutputStream,
  type Produced,
  type SandboxCommand,
  type SandboxHost,
  TASK_ROOT,
} from "../port.ts";
import { NO_SECRETS, type SandboxSecrets, type SecretMask } from "../secret-mask.ts";
import { asCommand, type ContainerMachine, readContainerEvents } from "./container-machine.ts";

/** What Taskyard notes of its commands inside of the container. */
const NOTES = "/tmp/.taskyard";

/** Seconds between SIGTERM and SIGKILL. */
const KILL_AFTER_SECONDS = 5;

/** Exit codes of timeout(1): the time was up; it took SIGKILL. */
const TIMEOUT_CODES = [124, 137];

/**
 * `$1` id, `$2` folder, `$3` seconds, `$4` command, `$5` where relative folders begin, `$6` where its errors go. timeout(1) is the head of the
 * command's process group, which `set -m` makes before its id is noted, and ends all of it; what this shell itself says of
 * that is no output of the command. What a command leaves running ends with it. The exit code is noted where it can be asked for: the end of a stream alone proves nothing.
 */
const RUN = `notes=${NOTES}/$1
cd -- "$5" && cd -- "$2" || { echo 1 > "$notes.exit"; exit 1; }
exec 3>&"$6" 2> /dev/null; set -m
timeout --kill-after=${KILL_AFTER_SECONDS} "$3" bash -c "$4" < "$notes.in" 2>&3 3>&- & pid=$!
echo "$pid" > "$notes.pid"
if [ -e "$notes.kill" ]; then kill -KILL -- "-$pid"; fi
wait "$pid"; code=$?
kill -KILL -- "-$pid"
echo "$code" > "$notes.exit"; exit "$code"`;

/** Whichever of the two is later, the note that it is to be killed or that of its process, finds the other one. */
const KILL = `mkdir -p ${NOTES}; : > ${NOTES}/$1.kill; pid=$(cat ${NOTES}/$1.pid) && kill -KILL -- "-$pid"`;
const EXIT = `cat ${NOTES}/$1.exit && rm -f ${NOTES}/$1.*`;

const encoder = new TextEncoder();

/** A command in a container. */
export class ContainerCommand {
  readonly #machine: ContainerMachine;
  readonly #command: SandboxCommand;
  readonly #host: SandboxHost;
  readonly #secrets: SandboxSecrets;
  #isKilled = false;

  constructor(
    machine: ContainerMachine,
    command: SandboxCommand,
    host: SandboxHost,
    secrets: SandboxSecrets = NO_SECRETS,
  ) {
    this.#machine = machine;
    this.#command = command;
    this.#host = host;
    this.#secrets = secrets;
  }

  /** Runs it to its end and tells the host of its output. */
  async run(): Promise<CommandEnding> {
    const { id, cwd, command, env, stdin, separateOutput, limits } = this.#command;
    const { variables, mask } = this.#secrets;
    const begun = Date.now();
    await this.#machine.exec(asCommand(`mkdir -p ${NOTES}`));
    await this.#machine.writeFile(`${NOTES}/${id}.in`, new Blob([stdin.slice()]).stream());
    const errors = separateOutput ? "2" : "1";
    const line = asCommand(RUN, id, cwd, String(limits.seconds), command, TASK_ROOT, errors);
    const produced = await this.#pump(
      await this.#machine.execStream(line, { env: { ...variables, ...env }, cwd: "/" }),
      mask,
    );
    const { exitCode: known, stdout } = await this.#machine.exec(asCommand(EXIT, id));
    if (this.#isKilled) return { status: "killed", produced };
    if (known !== 0) return { status: "lost", reason: "The container's stream ended before the command did." };
    const exitCode = Number(stdout.trim());
    const isLate = Date.now() - begun >= limits.seconds * 1000;
    if (isLate && TIMEOUT_CODES.includes(exitCode)) return { status: "timed_out", produced };
    return { status: "exited", exitCode, produced };
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    await this.#machine.exec(asCommand(KILL, this.#command.id));
  }

  /** Hands on what there is room for, masked, and counts the rest. */
  async #pump(stream: ReadableStream<Uint8Array>, mask: SecretMask): Promise<Produced> {
    const { id, limits } = this.#command;
    const produced: Produced = { stdout: 0, stderr: 0 };
    const masked = { stdout: mask.stream(), stderr: mask.stream() };
    const take = (name: OutputStream, bytes: Uint8Array) => {
      const offset = produced[name];
      produced[name] += bytes.byteLength;
      const kept = bytes.subarray(0, Math.max(0, limits.outputBytes - offset));
      if (kept.byteLength > 0) this.#host.output(id, name, offset, kept);
    };
    for await (const event of readContainerEvents(stream)) {
      if (event.type === "stdout" || event.type === "stderr") {
        take(event.type, masked[event.type].push(encoder.encode(event.data)));
      }
      if (event.type === "error") throw new Error(`The container failed: ${event.error ?? "without a reason"}`);
    }
    for (const name of ["stdout", "stderr"] satisfies OutputStream[]) take(name, masked[name].end());
    return produced;
  }
}
