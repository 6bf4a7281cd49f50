import type { TerminalSize } from "../../sandbox/port.ts";
import { onTerminal } from "../process/pty-bridge.ts";
import { quote } from "../../sandbox/shell-word.ts";
import { limitMemory } from "../process/limits.ts";

/** The variable by which a command's processes are found, as under bubblewrap. */
export const COMMAND_VARIABLE = "TASKYARD_COMMAND";

/**
 * What the engine starts in the container for each command, in any shell. `$1` is a word that nobody else knows. From its
 * input it reads lines of shell up to that word: so neither variables nor command lines stand in this machine's list of
 * processes. What follows is the command's own input. Outputs go through `cat`, so that what a command leaves running can
 * go on to write: the engine would close them with the command. After the last of the command's own bytes comes the word
 * with the exit code, in the same pipe: then all of its output has been read.
 */
const READ_LINES = String.raw`word=$1 text=
while IFS= read -r line && [ "$line" != "$word" ]; do text="$text$line
"; done`;

/** Errors go where output goes. */
export const JOINED_SCRIPT = String.raw`${READ_LINES}
{ (eval "$text") 2>&1; printf '%s%d.' "$word" "$?"; } | cat`;

/** Both outputs end with the word; that of standard output tells the exit code. */
export const SEPARATE_SCRIPT = String.raw`${READ_LINES}
{ { { (eval "$text") 2>&4 4>&-; code=$?; printf '%s%d.' "$word" "$code"; printf '%s%d.' "$word" "$code" >&4
} 4>&1 >&3 3>&- | cat >&2 3>&-; } 3>&1; } | cat`;

/** What the word is followed by. */
export const EXIT_CODE = /^(\d{1,3})\./;

export interface ExecCommand {
  /** A line for the shell. */
  line: string;
  /** The folder to start in; where the engine starts commands when left out. */
  cwd: string | undefined;
  env: Readonly<Record<string, string>>;
  /** The terminal that it runs on; none where left out. */
  tty?: TerminalSize | undefined;
  /** Bytes of private memory of each of its processes; no limit where left out. */
  memoryBytes?: number | undefined;
}

const NO_PERL = '[ -x /usr/bin/perl ] || { echo "A terminal needs /usr/bin/perl in the task\'s image."; exit 126; }';

/** The lines that the scripts read: variables, folder, and the command in bash where the image has it. */
export function toLines({ line, cwd, env, tty, memoryBytes }: ExecCommand, word: string): string {
  const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}`);
  const shell = ['"$shell"', "-c", quote(line)];
  const program = tty ? onTerminal([], tty).map(quote).concat(shell) : shell;
  return [
    ...variables,
    ...(cwd === undefined ? [] : [`cd -- ${quote(cwd)} || exit`]),
    ...(tty ? [NO_PERL] : []),
    ...(memoryBytes === undefined ? [] : [`${limitMemory(memoryBytes)} || exit`]),
    "shell=$(command -v bash) || shell=/bin/sh",
    `exec ${program.join(" ")}`,
    word,
    "",
  ].join("\n");
}

/**
 * Ends the processes of a command, in the container. It reads the command's id, its word and the signal. They are those
 * that have the command's variable, the first one, which is below a shell that has the word among its own words, and all that
 * these have started; and those that it has told before, each with the time of its start, since what is left of a tree has
 * nothing above it any more. With KILL they are stopped first, until there is none that has yet to be.
 */
export const END_SCRIPT = String.raw`read -r id word signal known
add() { case $found in *" $1 "*) ;; *) found="$found$1 " grew=1 ;; esac; }
started() {
  start=gone
  { read -r facts < "/proc/$1/stat"; } 2> /dev/null || return
  set -- ${"$"}{facts##*) }
  shift 19
  start=$1
}
look() {
  found=" " shells=" " grew=1
  for file in $(grep -slF -e "$word" /proc/[0-9]*/cmdline); do
    pid=${"$"}{file#/proc/} pid=${"$"}{pid%/cmdline}
    shells="$shells$pid "
  done
  for file in $(grep -slF -e "${COMMAND_VARIABLE}=$id" /proc/[0-9]*/environ); do
    pid=${"$"}{file#/proc/} pid=${"$"}{pid%/environ}
    add "$pid"
  done
  for process in $known; do
    pid=${"$"}{process%.*}
    started "$pid"
    [ "$start" != "${"$"}{process#*.}" ] || add "$pid"
  done
  while [ -n "$grew" ]; do
    grew=
    for folder in /proc/[0-9]*; do
      pid=${"$"}{folder#/proc/}
      case $shells in *" $pid "*) continue ;; esac
      { read -r facts < "$folder/stat"; } 2> /dev/null || continue
      set -- ${"$"}{facts##*) }
      [ "$1" != Z ] || continue
      case $found in *" $2 "*) add "$pid" ;; esac
      case $shells in *" $2 "*)
        { read -r name < "$folder/comm"; } 2> /dev/null || continue
        [ "$name" = cat ] || add "$pid" ;;
      esac
    done
  done
}
look
for pid in $found; do
  started "$pid"
  echo "$pid.$start"
done
if [ "$signal" != KILL ]; then kill -s "$signal" $found 2> /dev/null; exit 0; fi
for round in 1 2 3 4 5 6 7 8 9 10; do
  before=
  while [ "$found" != "$before" ]; do
    before=$found
    kill -s STOP $found 2> /dev/null
    look
  done
  [ "$found" != " " ] || exit 0
  kill -s KILL $found 2> /dev/null
  look
done`;
