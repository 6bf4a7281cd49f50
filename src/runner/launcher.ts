import { SHELL } from "./limits.ts";

/** Descriptors of a plain program: its input, output and errors. */
const STANDARD = [0, 1, 2];

/**
 * Closes every descriptor but those named in `$1`, then becomes the program. Node passes on whatever it inherited
 * itself: a folder of the machine among it would lead out of every sandbox.
 */
const CLOSE_AND_BECOME = [
  `kept=" $1 "; shift`,
  `for place in /dev/fd/*; do`,
  `  fd=\${place##*/}`,
  `  case "$fd" in *[!0-9]*) continue;; esac`,
  `  case "$kept" in *" $fd "*) ;; *) eval "exec $fd>&-" ;; esac`,
  `done`,
].join("\n");

/** How the words of a program begin, so that it has its standard descriptors alone. */
export function closingDescriptors(argv: readonly string[]): string[] {
  return launcher("exec", STANDARD, argv);
}

/** The same for a sandbox, which has `kept` besides: it is found by the PATH that the launcher was given, and has no environment of its own. */
export function closingAll(argv: readonly string[], kept: readonly number[]): string[] {
  return launcher("exec -c", [...STANDARD, ...kept], argv);
}

/** `-p`: neither BASH_ENV nor functions of the program's environment are read by the launcher. */
function launcher(become: string, kept: readonly number[], argv: readonly string[]): string[] {
  return [SHELL, "-p", "-c", `${CLOSE_AND_BECOME}\n${become} "$@"`, SHELL, kept.join(" "), ...argv];
}
