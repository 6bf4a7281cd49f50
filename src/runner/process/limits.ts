/** What one command, and each of the processes that it starts, may take of the machine. */
export interface ProcessLimits {
  /** Processes and threads at the same time, all together: a fork bomb ends here. */
  processes: number;
  /** Bytes of private memory of each process. */
  memoryBytes: number;
  /** Bytes of each file that is written. */
  fileBytes: number;
  /** Open files of each process. */
  openFiles: number;
}

/** Where bash is; looked for nowhere else, since commands choose their own PATH. */
export const SHELL = "/bin/bash";

/**
 * The words that run a line. Without `--norc` bash reads `~/.bashrc` whenever its input is a socket, as Node's pipes are, since
 * it takes itself for the shell of a remote login.
 */
export function shellLine(line: string): string[] {
  return [SHELL, "--norc", "-c", line];
}

/** bash counts memory and files in these. */
const BLOCK_BYTES = 1024;

/** The line that limits the private memory of each process that follows it. */
export function limitMemory(bytes: number): string {
  return `ulimit -d ${Math.ceil(bytes / BLOCK_BYTES)}`;
}

/**
 * The words that run `argv` in `cwd` under the limits. They are set in the shell that becomes the program, so that they
 * count from inside of the sandbox: the limit on processes is then one on this sandbox alone.
 */
export function underLimits(limits: ProcessLimits, cwd: string, argv: readonly string[]): string[] {
  const ulimit = [
    "ulimit -c 0",
    `ulimit -n ${limits.openFiles}`,
    `ulimit -u ${limits.processes}`,
    limitMemory(limits.memoryBytes),
    `ulimit -f ${Math.ceil(limits.fileBytes / BLOCK_BYTES)}`,
  ].join(" && ");
  return [...shellLine(`cd -- "$1" && shift && ${ulimit} && exec "$@"`), SHELL, cwd, ...argv];
}
