import { chmod, chown, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import path from "node:path";
import { TASK_ROOT } from "../../sandbox/port.ts";
import { BUBBLEWRAP, bubblewrapLaunch } from "./bubblewrap.ts";
import { runCommand } from "./command.ts";
import { type ProcessLimits, SHELL, underLimits } from "./limits.ts";
import type { Launch } from "./program.ts";
import { endProcessesOf } from "./leftovers.ts";
import { removeFolder } from "./remove-folder.ts";
import type { Say } from "../connection/held-work.ts";

/** How commands are kept apart from the machine. */
export interface Isolation {
  /** `none` only where the operator has asked for it by name. */
  kind: "bubblewrap" | "none";
  network: boolean;
  /** Further folders of the machine that commands may read. */
  readOnly: readonly string[];
  limits: ProcessLimits;
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
};

/** Others may pass through, as a command's user has to, and not look. */
const PASSAGE = 0o711;

const PASSWD = "root:x:0:0::/root:/bin/bash\ntask:x:1000:1000::/home/task:/bin/bash\n";
const GROUP = "root:x:0:\ntask:x:1000:\n";

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** One sandbox on this machine: its folder, and how a program is started in it. */
export class SandboxFolder {
  readonly #folder: string;
  readonly #isolation: Isolation;

  private constructor(folder: string, isolation: Isolation) {
    this.#folder = folder;
    this.#isolation = isolation;
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
    await writeFile(path.join(folder, "passwd"), PASSWD);
    await writeFile(path.join(folder, "group"), GROUP);
    return new SandboxFolder(folder, isolation);
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

  /** How a line for the shell is started. `cwd` is absolute inside of the sandbox, or relative to the task's files. */
  launch(command: string, cwd: string, env: Readonly<Record<string, string>>): Launch {
    const { kind, limits, user } = this.#isolation;
    const inside = path.posix.resolve(TASK_ROOT, cwd);
    const common = { cwd: this.#folder, user };
    if (kind === "none") {
      const root = this.taskFolder;
      const words = underLimits(limits, this.#outside(inside), [SHELL, "-c", command]);
      const variables = { PATH: SYSTEM_PATH, HOME: path.join(this.#folder, "home"), LANG: "C.UTF-8", TASK_ROOT: root };
      return { ...common, argv: words, env: { ...variables, ...env } };
    }
    const variables = { PATH: SYSTEM_PATH, HOME: "/home/task", LANG: "C.UTF-8", TASK_ROOT };
    return {
      ...common,
      argv: [...BUBBLEWRAP, ...underLimits(limits, inside, [SHELL, "-c", command])],
      env: { PATH: process.env["PATH"] ?? SYSTEM_PATH },
      bubblewrap: bubblewrapLaunch(this.#view(), { ...variables, ...env }),
    };
  }

  /** Ends what still runs in it, and removes it. */
  async remove(say: Say): Promise<void> {
    await endProcessesOf(this.#folder);
    await removeFolder(this.#folder, say);
  }

  /** Without a sandbox only the task's own files are elsewhere. */
  #outside(inside: string): string {
    const relative = path.posix.relative(TASK_ROOT, inside);
    return relative.startsWith("..") ? inside : path.join(this.taskFolder, relative);
  }

  #view() {
    const { network, readOnly } = this.#isolation;
    const files = { "/etc/passwd": this.hidden("passwd"), "/etc/group": this.hidden("group") };
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
      launch: sandbox.launch("true", ".", {}),
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
