/** Where the first program of a sandbox finds what it is asked to start; only read there. */
export const INIT_FOLDER = "/run/taskyard";

/** What it says on its standard output, a line each: a command runs as this process, or has ended with this exit code. */
export const INIT_REPORT = /^(?<event>started|ended) (?<id>[\w-]+) (?<number>\d+)$/;

/**
 * The first program of a sandbox, in bash. It lives as long as the sandbox and reads lines: `start <id>` starts what the
 * folder of that name says, `signal <pid> <name>` sends a signal to a command's group, or to its first process while that
 * has none. A command's folder has its pipes `in`, `out` and `err`, and in `words`, each ended by a zero byte: whether
 * errors go where output goes (1) or not (0), how many variables there are, the variables, the program and its arguments.
 * Each command has a group of its own, and a shell beside it that waits for it; what it leaves running stays, and is
 * reaped by bubblewrap. Names are long and strange because a command's variables may have any.
 */
export const INIT_SCRIPT = String.raw`
_taskyard_become() {
  mapfile -d '' -t _taskyard_words < "$1/words"
  exec < "$1/in" > "$1/out" 2> "$1/err" || exit
  set -- "$1" "${"$"}{_taskyard_words[@]}"
  unset _taskyard_words
  [ "$2" = 0 ] || exec 2>&1
  echo "started ${"$"}{1##*/} $BASHPID" >&3
  exec 3>&-
  shift 2
  while [ "$1" -gt 0 ]; do
    export "$2" 2> /dev/null
    set -- "$(($1 - 1))" "${"$"}{@:3}"
  done
  exec -- "${"$"}{@:2}"
}
_taskyard_run() {
  set -m
  (_taskyard_become "${INIT_FOLDER}/$1") &
  set +m
  wait "$!"
  echo "ended $1 $?" >&3
}
exec 3>&1 > /dev/null
while read -r _taskyard_verb _taskyard_what _taskyard_how; do
  case $_taskyard_verb in
    start) _taskyard_run "$_taskyard_what" & ;;
    signal)
      kill -s "$_taskyard_how" -- "-$_taskyard_what" 2> /dev/null ||
        kill -s "$_taskyard_how" "$_taskyard_what" 2> /dev/null ;;
  esac
done`;
