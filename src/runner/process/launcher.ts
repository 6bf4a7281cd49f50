import { SHELL } from "./limits.ts";

/** Descriptors of a plain program: its input, output and errors. */
const STANDARD = [0, 1, 2];

/** Exit code of a launcher that cannot do its work, as shells give it for a program that cannot be run. */
const CANNOT_RUN = 126;

/**
 * Closes every descriptor but those named in `$1`, then becomes the program. Node passes on whatever it inherited
 * itself: a folder of the machine among it would lead out of every sandbox. Where they cannot be listed nothing is run.
 */
const CLOSE_DESCRIPTORS = `kept=" $1 "; shift
[ -e /dev/fd/0 ] || { echo "/dev/fd does not list descriptors here" >&2; exit ${CANNOT_RUN}; }
for place in /dev/fd/*; do
  fd=\${place##*/}
  case "$fd" in *[!0-9]*) continue;; esac
  case "$kept" in *" $fd "*) ;; *) eval "exec $fd>&-" ;; esac
done`;

export interface LauncherOptions {
  /** Descriptors that the program has beside the standard ones. */
  kept: readonly number[];
  /** The program is found by the PATH that the launcher was given, and has no environment of its own. */
  clearsEnvironment: boolean;
  /** Standard error goes where standard output goes. */
  joinsErrors: boolean;
}

/**
 * The words that start a program as every one that the runner starts. `-p`: neither BASH_ENV nor functions of the
 * program's environment are read by the launcher; `--norc`: nor is `~/.bashrc`, see `shellLine`.
 */
export function throughLauncher(argv: readonly string[], options: LauncherOptions): string[] {
  const become = `exec ${options.clearsEnvironment ? "-c " : ""}"$@"${options.joinsErrors ? " 2>&1" : ""}`;
  const kept = [...STANDARD, ...options.kept].join(" ");
  return [SHELL, "--norc", "-p", "-c", `${CLOSE_DESCRIPTORS}\n${become}`, SHELL, kept, ...argv];
}
