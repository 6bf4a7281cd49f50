/** Archives that cost most to check, and what costs most to read of them. */
import { deflateSync } from "node:zlib";
import { zipSync } from "fflate";
import type { Attack } from "./attacks.ts";
import type { Subjects } from "./subjects.ts";

type Files = Record<string, Uint8Array | [Uint8Array, { level: 0 | 9 }]>;

const text = (words: string) => new TextEncoder().encode(words);
const YAML = "name: {name}\nversion: 1.0.0\ninstruction: x\nverification:\n  method: script\n  script: a.sh\n";
const SCRIPT = { "a.sh": text("true\n") };

/** A task.yaml with `more` behind what it has to have. */
const described = (name: string, more: string): Files => ({
  "task.yaml": text(YAML.replace("{name}", name) + more),
  ...SCRIPT,
});
const many = (count: number, nameOf: (n: number) => string): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [nameOf(n), new Uint8Array()]));

const MiB = 1024 * 1024;

/** Files by the name of the task that they are published as. */
const ARCHIVES: Readonly<Record<string, () => Files>> = {
  "many-entries": () => ({ ...described("many-entries", ""), ...many(60_000, (n) => `d${n % 500}/f${n}`) }),
  "names-to-fold": () => ({
    ...described("names-to-fold", ""),
    ...many(20_000, (n) => `${n}/${"\u00c4\u01c6\ufb03".repeat(100)}`),
  }),
  "deep-folders": () => ({ ...described("deep-folders", ""), ...many(20_000, (n) => `${"d/".repeat(400)}${n}`) }),
  "much-to-inflate": () => ({ ...described("much-to-inflate", ""), zeros: [new Uint8Array(31 * MiB), { level: 9 }] }),
  "much-stored": () => ({ ...described("much-stored", ""), zeros: [new Uint8Array(31 * MiB), { level: 0 }] }),
  "yaml-of-tokens": () => described("yaml-of-tokens", `tags: [${"a, ".repeat(9_000)}a]\n`),
  "yaml-of-one-line": () => described("yaml-of-one-line", `description: ${"x ".repeat(500_000)}\n`),
  "yaml-of-quotes": () => described("yaml-of-quotes", `description: "${"\\\\u0041".repeat(150_000)}"\n`),
  "yaml-of-aliases": () =>
    described("yaml-of-aliases", `a: &a [${"x, ".repeat(9_000)}x]\nb: [${"*a, ".repeat(99)}*a]\n`),
  "yaml-deep": () => described("yaml-deep", `a: ${"[".repeat(500_000)}\n`),
  "compose-of-services": () => ({
    ...described("compose-of-services", ""),
    "docker-compose.yaml": text(
      `services:\n${Array.from({ length: 2_500 }, (_, n) => `  s${n}: {image: a, ports: [${n + 1}]}\n`).join("")}`,
    ),
  }),
  "a-long-readme": () => ({ ...described("a-long-readme", ""), "README.md": text("# x\n".repeat(MiB)) }),
  "toml-of-tables": () => ({
    "task.toml": text(`version = "1.0"\n${Array.from({ length: 12_000 }, (_, n) => `[a.b${n}]\nc = 1\n`).join("")}`),
    "instruction.md": text("x"),
    "tests/test.sh": text("true\n"),
  }),
};

/** Reads of what was published, below the task. */
const READS: readonly [task: string, path: string][] = [
  ["many-entries", "/files?limit=1000"],
  ["many-entries", "/files?limit=1000&prefix=d499"],
  ["many-entries", "/files"],
  ["many-entries", "/files/d499/f59999"],
  ["names-to-fold", "/files"],
  ["much-to-inflate", "/files/zeros"],
  ["a-long-readme", "/readme"],
  ["a-long-readme", "/files/README.md"],
];

export function archiveAttacks({ parameters }: Subjects): Attack[] {
  const tasks = `/api/v1/org/${parameters["org"]}/tasks`;
  const published = Object.entries(ARCHIVES).map(([name, make]) => ({
    title: `an archive: ${name}`,
    method: "PUT",
    path: `${tasks}/${name}/versions/1.0.0`,
    body: () => new Uint8Array(zipSync(make())),
  }));
  const broken = {
    title: "an archive: one that is deflated twice",
    method: "PUT",
    path: `${tasks}/broken/versions/1.0.0`,
    body: () => new Uint8Array(deflateSync(zipSync(SCRIPT))),
  };
  const reads = READS.map(([name, path]) => ({
    title: `reading ${name}${path}`,
    method: "GET",
    path: `${tasks}/${name}${path}`,
    body: () => undefined,
  }));
  return [...published, broken, ...reads];
}
