import { chmod, chown, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import path from "node:path";
import { type SandboxLimits, TASK_ROOT } from "../../sandbox/port.ts";
import { BUBBLEWRAP, bubblewrapLaunch } from "./bubblewrap.ts";
import { Cgroup, type GroupLimits } from "./cgroup.ts";
import type { CgroupPlace } from "./cgroup-place.ts";
import { type CommandOptions, runCommand, type Startable } from "./command.ts";
import { endProcessesOf } from "./leftovers.ts";
import { type ProcessLimits, SHELL, shellLine, underLimits } from "./limits.ts";
import { LivingSandbox } from "./living-sandbox.ts";
import { type Launch, startProgram } from "./program.ts";
import { removeFolder } from "./remove-folder.ts";
import { onTerminal } from "./pty-bridge.ts";
import { INIT_FOLDER, INIT_SCRIPT } from "./sandbox-init.ts";
import type { Say } from "../connection/held-work.ts";

/** How commands are kept apart from the machine. */
export interface Isolation {
  /** `none` only where the operator has asked for it by name. */
  kind: "bubblewrap" | "none";
  network: boolean;
  /** Further folders of the machine that commands may read. */
  readOnly: readonly string[];
  limits: ProcessLimits;
  /** Limits for all processes of a sandbox together; left out where the machine has no cgroups for that. */
  together?: { place: CgroupPlace; limits: GroupLimits } | undefined;
  /** Whom commands run as; the runner's own user when left out. */
  user?: { uid: number; gid: number } | undefined;
}

/** An unprivileged user and group on every system: commands of a runner that is root run as these. */
const NOBODY = { uid: 65_534, gid: 65_534 };

/** The user that commands run as: limits on processes do not bind root, so root's commands run as nobody. */
export function chooseUser(): Isolation["user"] {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

/** Folders of a sandbox that commands write to and that stay until it is removed, by where they are inside. */
const WRITABLE: Readonly<Record<string, string>> = {
  [TASK_ROOT]: "task",
  "/home/task": "home",
  "/tmp": "tmp",
  "/var/tmp": "var-tmp",
  "/dev/shm": "shm",
  // Where tasks in Harbor's format have their tests, their logs and their solution.
  "/tests": "tests",
  "/logs": "logs",
  "/solution": "solution",
};

/** Milliseconds that a sandbox's first program has to end; it holds nothing that it would have to put away. */
const INIT_GRACE_MS = 1_000;

/** Others may pass through, as a command's user has to, and not look. */
const PASSAGE = 0o711;

/** Where commands are handed to the sandbox's first program, in the sandbox's folder. */
const INIT_PLACE = "init";

const PASSWD = "root:x:0:0::/root:/bin/bash\ntask:x:1000:1000::/home/task:/bin/bash\n";
const GROUP = "root:x:0:\ntask:x:1000:\n";

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** One sandbox on this machine: its folder, and what is started in it. */
export class SandboxFolder {
  /** Nothing runs beside it: the task's own script starts its services. */
  readonly services = [];
  readonly #folder: string;
  readonly #isolation: Isolation;
  readonly #living: LivingSandbox;
  readonly #cgroup: Cgroup | undefined;

  private constructor(folder: string, isolation: Isolation, cgroup: Cgroup | undefined) {
    this.#cgroup = cgroup;
    this.#folder = folder;
    this.#isolation = isolation;
    this.#living = new LivingSandbox(() => this.#launchInit(), this.hidden(INIT_PLACE), isolation.user);
  }

  /** Makes a fresh folder below `parent`. */
  static async create(parent: string, isolation: Isolation): Promise<SandboxFolder> {
    const folder = await mkdtemp(path.join(parent, "sandbox-"));
    await chmod(folder, PASSAGE);
    for (const name of Object.values(WRITABLE)) {
      const place = path.join(folder, name);
      await mkdir(place, { mode: 0o755 });
      if (isolation.user) await chown(place, isolation.user.uid, isolation.user.gid);
    }
    await mkdir(path.join(folder, INIT_PLACE));
    await chmod(path.join(folder, INIT_PLACE), PASSAGE);
    await writeFile(path.join(folder, "passwd"), PASSWD);
    await writeFile(path.join(folder, "group"), GROUP);
    const { together, kind } = isolation;
    const cgroup = together && kind !== "none" ? await Cgroup.create(together.place, together.limits) : undefined;
    return new SandboxFolder(folder, isolation, cgroup);
  }

  /** For all processes together where there are cgroups, else for each; `processes` counts all in both. */
  get limits(): SandboxLimits {
    const { together, limits } = this.#isolation;
    if (!this.#cgroup || !together) {
      return { scope: "process", memory_bytes: limits.memoryBytes, processes: limits.processes, cpus: null };
    }
    const { memoryBytes, processes, cpus = null } = together.limits;
    return { scope: "environment", memory_bytes: memoryBytes, processes, cpus };
  }

  /** Where the task's files are on this machine. */
  get taskFolder(): string {
    return path.join(this.#folder, "task");
  }

  /** Whom the files belong to. */
  get owner(): Isolation["user"] {
    return this.#isolation.user;
  }

  /** A place in the folder that no command sees. */
  hidden(name: string): string {
    return path.join(this.#folder, name);
  }

  /** A line for the shell. `cwd` is absolute inside of the sandbox, or relative to the task's files. */
  command(line: string, cwd: string, env: Readonly<Record<string, string>>, options: CommandOptions = {}): Startable {
    const { kind, limits, user } = this.#isolation;
    const { joinsErrors = false, graceMs, tty } = options;
    const inside = path.posix.resolve(TASK_ROOT, cwd);
    const place = kind === "none" ? this.#outside(inside) : inside;
    const shell = shellLine(line);
    const argv = underLimits(limits, place, tty ? onTerminal(shell, tty) : shell);
    const root = kind === "none" ? this.taskFolder : TASK_ROOT;
    const home = kind === "none" ? path.join(this.#folder, "home") : "/home/task";
    const variables = { PATH: SYSTEM_PATH, HOME: home, LANG: "C.UTF-8", TASK_ROOT: root, ...env };
    const words = [...argv, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
    const launch: Launch = { argv, env: variables, cwd: this.#folder, user, joinsErrors, graceMs, leavesRest: true };
    const start = () =>
      kind === "none" ? startProgram(launch) : this.#living.start({ argv, env: variables, joinsErrors, graceMs });
    return { words, start };
  }

  #launchInit(): Launch {
    return {
      argv: [...BUBBLEWRAP, SHELL, "--norc", "-p", "-c", INIT_SCRIPT],
      cwd: this.#folder,
      env: { PATH: process.env["PATH"] ?? SYSTEM_PATH },
      user: this.#isolation.user,
      bubblewrap: bubblewrapLaunch(this.#view(), { PATH: SYSTEM_PATH }),
      graceMs: INIT_GRACE_MS,
      cgroup: this.#cgroup,
    };
  }

  lastWords(): Promise<string> {
    return Promise.resolve("");
  }

  /** Ends what still runs in it, and removes it. */
  async remove(say: Say): Promise<void> {
    await this.#living.end();
    await endProcessesOf(this.#folder);
    await this.#cgroup?.remove();
    await removeFolder(this.#folder, say);
  }

  /** Without a sandbox only the task's own files are elsewhere. */
  #outside(inside: string): string {
    const relative = path.posix.relative(TASK_ROOT, inside);
    return relative.startsWith("..") ? inside : path.join(this.taskFolder, relative);
  }

  #view() {
    const { network, readOnly } = this.#isolation;
    const files = {
      "/etc/passwd": this.hidden("passwd"),
      "/etc/group": this.hidden("group"),
      [INIT_FOLDER]: this.hidden(INIT_PLACE),
    };
    const shared = Object.fromEntries(readOnly.map((place) => [place, place]));
    const writable = Object.entries(WRITABLE).map(([inside, name]) => [inside, path.join(this.#folder, name)]);
    return { network, readOnly: { ...files, ...shared }, writable: Object.fromEntries(writable) };
  }
}

/** Seconds for the trial of a sandbox, on a loaded machine. */
const TRIAL_SECONDS = 30;
const TRIAL_OUTPUT_BYTES = 2_000;

/** Runs a command that does nothing in a new sandbox. Returns what went wrong, or undefined. */
export async function tryIsolation(parent: string, isolation: Isolation): Promise<string | undefined> {
  const sandbox = await SandboxFolder.create(parent, isolation);
  let said = "";
  try {
    const ending = await runCommand({
      program: sandbox.command("true", ".", {}),
      limits: { seconds: TRIAL_SECONDS, outputBytes: TRIAL_OUTPUT_BYTES },
      output: (_stream, _offset, bytes) => {
        said += new TextDecoder().decode(bytes);
        return Promise.resolve();
      },
      signal: AbortSignal.timeout(2 * TRIAL_SECONDS * 1000),
    });
    if (ending.status === "exited" && ending.exitCode === 0) return undefined;
    const how = ending.status === "exited" ? `exit code ${ending.exitCode}` : ending.status;
    return `${how}${"reason" in ending ? `: ${ending.reason}` : ""} ${said.trim()}`.trim();
  } finally {
    await sandbox.remove((line) => (said += line));
  }
}
