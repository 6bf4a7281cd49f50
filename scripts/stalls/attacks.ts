/** Requests that once held the server, or are of their kind, by what they ask for. */
import type { Subjects } from "./subjects.ts";

/** One request of the check. */
export interface Attack {
  title: string;
  method: string;
  path: string;
  /** Makes JSON text, or bytes as they are: not before it is sent, since all of them together are gigabytes. */
  body: () => string | Uint8Array<ArrayBuffer> | undefined;
  headers?: Record<string, string>;
  /** What it has in common with others that need not be sent once one of them was too large. */
  kind?: string;
}

/** Seconds that a command of an environment asks for. */
const COMMAND_SECONDS = 5;

const COMMANDS: Readonly<Record<string, string>> = {
  "diff of reversed lines": "seq 1 60000 > a; sort -nr a > b; diff a b | tail -1",
  "awk that never ends": "while :; do awk 'BEGIN{while(1);}'; done",
  "eval over and over": "while :; do eval 'x=1'; done",
  "loops in functions that are evaluated": "f() { eval 'while :; do :; done'; }; while :; do f; done",
  "a loop that does nothing": "for ((;;)); do :; done",
  "substitutions over and over": "while :; do x=$(echo 1)$(echo 2)$(echo 3)$(echo 4); done",
  "a text that sed makes longer": "echo a | sed ':a;s/a/aa/;ta' | wc -c",
  "sort of many lines": "seq 1 200000 > s; for i in 1 2 3 4 5 6; do cat s s > t; mv t s; done; sort s | tail -1",
  "a text that doubles": 'x=aaaaaaaa; while :; do x="$x$x"; done',
  "a pattern that backtracks": `echo ${"a".repeat(40)}! | grep -E '^(a+)+$'; [[ ${"a".repeat(40)}! =~ ^(a+)+$ ]]`,
  "parameter patterns": `x=$(seq 1 20000 | tr -d '\\n'); echo \${x//*1*2*3*4*5*6/b} | wc -c`,
  "brace expansion": "echo {1..100000}{1..100000} | wc -c",
  "nested brackets": "(".repeat(5_000),
  "jq over a long list": "seq 1 200000 | jq -s 'map(. * 2) | sort | unique | length'",
  "sed over and over": "seq 1 100000 | sed ':a;N;$!ba;s/\\n/,/g' | wc -c",
};

/** As many lines of `seq` as there are in so many bytes, less a few. */
const LINES = { "256 KiB": 45_000, "1 MiB": 165_000, "2 MiB": 315_000, "4 MiB": 615_000, "7 MiB": 1_060_000 };

/** Tools with the largest input that they take, and what costs them most (docs/environments.md has the times). */
const TOOLS: readonly [size: keyof typeof LINES, command: string][] = [
  ["4 MiB", "grep -cE '([0-9]+)*7' f"],
  ["4 MiB", "grep -v 1 f | wc -l"],
  ["2 MiB", "rg -c '[0-9]*1.*2' f"],
  ["2 MiB", "awk '{ n[$1 % 1000] += length($0) } END { for (k in n) c++; print c }' f"],
  ["2 MiB", "head -15000 f | sed -n 's/[1-5]/x/gp' | wc -l"],
  ["2 MiB", "sed -n 's/[1-5]/x/gp' f | wc -l"],
  ["1 MiB", "jq -s 'map(. * 2) | group_by(. % 7) | length' f"],
  ["1 MiB", "comm -12 f f | wc -l"],
  ["1 MiB", "sort -rn f | head -1"],
  ["1 MiB", "sort -u f | wc -l"],
  ["1 MiB", "head -c 500000 f > g; join g g | wc -l"],
  ["1 MiB", "column -t f | wc -l"],
  ["256 KiB", "yq -p json . f | wc -l"],
  ["256 KiB", "html-to-markdown f | wc -c"],
  ["7 MiB", "wc f"],
  ["7 MiB", "tac f | tail -1"],
  ["7 MiB", "rev f | tail -1"],
  ["7 MiB", "uniq -c f | tail -1"],
  ["7 MiB", "cut -c 2-3 f | tail -1"],
  ["7 MiB", "tr 1-5 a-e < f | tail -1"],
  ["7 MiB", "nl f | tail -1"],
  ["7 MiB", "paste f f | tail -1"],
  ["7 MiB", "fold -w 3 f | tail -1"],
  ["7 MiB", "sha256sum f"],
  ["7 MiB", "md5sum f"],
  ["7 MiB", "base64 f | tail -1"],
  ["7 MiB", "od f | tail -1"],
  ["7 MiB", "xxd f | tail -1"],
  ["7 MiB", "gzip -c f | wc -c"],
  ["7 MiB", "tar cf t.tar f; tar tf t.tar"],
  ["7 MiB", "split -l 100000 f p; ls p* | wc -l"],
  ["7 MiB", "head -c 1000000 f | xargs -n 1000 echo | wc -l"],
  ["7 MiB", "x=$(head -c 1000000 f); echo ${#x} ${x//1/22} | wc -c"],
  ["7 MiB", "mapfile -t x < f; echo ${#x[@]}"],
  ["7 MiB", "while read -r line; do n=$line; done < f; echo $n"],
];

/** A schema whose definitions double: as many ways through it as 2 to the power of `levels`. */
function doublingSchema(levels: number): object {
  const next = Array.from({ length: levels }, (_, n) => ({ $ref: `#/$defs/d${n + 1}` }));
  const doubled = next.map((ref, n) => [`d${n}`, { anyOf: [ref, ref] }]);
  return { $ref: "#/$defs/d0", $defs: { ...Object.fromEntries(doubled), [`d${levels}`]: { type: "string" } } };
}

const SCHEMAS: Readonly<Record<string, object>> = {
  "schema of doubling $refs": doublingSchema(40),
  "schema with a pattern that backtracks": { pattern: "^(a+)+$" },
  "schema with large repeats": { allOf: Array.from({ length: 200 }, (_, n) => ({ pattern: `${n}(a{30}){30}` })) },
  "schema of many small ones": { allOf: Array.from({ length: 60_000 }, () => ({})) },
  "schema of $ids in each other": Array.from({ length: 60 }).reduce<object>(
    (inner, _, n) => ({ $id: `https://example.com/${n}`, not: inner }),
    {},
  ),
};

export function attacksOn({ parameters, environmentToken }: Subjects): Attack[] {
  const { org, ws, project_id, task_id, run_id, environment_id } = parameters;
  const execute = `/api/v1/org/${org}/ws/${ws}/environments/${environment_id}/execute`;
  const tools = TOOLS.map(
    ([size, command]) => [`${size} to ${command}`, `seq 1 ${LINES[size]} > f; ${command}`] as const,
  );
  const commands = [...Object.entries(COMMANDS), ...tools].map(([title, command]) => ({
    title: `embedded: ${title}`,
    method: "POST",
    path: execute,
    body: () => JSON.stringify({ command, timeout_sec: COMMAND_SECONDS }),
    headers: { "X-Environment-Token": environmentToken },
  }));
  const schemas = Object.entries(SCHEMAS).map(([title, json_schema]) => ({
    title,
    method: "POST",
    path: `/api/projects/${project_id}/tasks/`,
    body: () => JSON.stringify({ title, json_schema }),
  }));
  const text = "x".repeat(900_000);
  const longTasks = Array.from({ length: 30 }, (_, n) => ({
    title: `a task with a long text, ${n}`,
    method: "POST",
    path: `/api/projects/${project_id}/tasks/`,
    body: () => JSON.stringify({ title: `long ${n}`, description: text }),
  }));
  const runs = `/api/projects/${project_id}/tasks/${task_id}/runs/`;
  const longRuns = Array.from({ length: 10 }, (_, n) => ({
    title: `a run with a long state, ${n}`,
    method: "POST",
    path: runs,
    body: () => JSON.stringify({ environment: "local", status: "in_progress", state: { text } }),
  }));
  const lists = Object.entries({
    "a list of long tasks": `/api/projects/${project_id}/tasks/`,
    "a search in long tasks": `/api/projects/${project_id}/tasks/?search=${"%25x".repeat(500)}`,
    "a list of long runs": runs,
  }).map(([title, path]) => ({ title, method: "GET", path, body: () => undefined }));
  const events = Object.entries({
    "events without number": "\n".repeat(5_000_000),
    "a thousand events": Array.from(
      { length: 1_000 },
      (_, n) => `{"seq":${n + 1},"event":{"n":[${"1,".repeat(2_000)}1]}}\n`,
    ).join(""),
    "events that are there": '{"seq":1,"event":{}}\n'.repeat(999),
  }).map(([title, lines]) => ({
    title,
    method: "POST",
    path: `${runs}${run_id}/event_stream/`,
    body: () => lines,
    headers: { "Content-Type": "application/x-ndjson" },
  }));
  return [...schemas, ...commands, ...longTasks, ...longRuns, ...lists, ...events];
}
