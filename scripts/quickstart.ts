/**
 * `npm run quickstart`: carries out the ten commands of docs/quickstart.md, each as it stands, in a folder and a home of
 * their own, and fails where one does not show what it should, or where the page shows other commands. `--write` writes
 * what they have shown into the page.
 */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { buildCli, CLI_PROGRAM } from "./build-cli.ts";
import { aborted, PlainError, ROOT, runCommand } from "./command.ts";
import { Transcript } from "./transcript.ts";

const PAGE = path.join(ROOT, "docs", "quickstart.md");

/** Between these two lines the page has what was shown. */
const BEGIN = "<!-- transcript -->";
const END = "<!-- end of the transcript -->";

/** A command of the page. */
interface Step {
  command: string;
  /** It goes on in the background, and is ready once it shows what it shall. */
  background?: true;
  /** What is typed, each once the text before it is shown; the command then runs on a terminal. */
  types?: readonly (readonly [after: string, keys: string])[];
  shows: RegExp;
}

const STEPS: readonly Step[] = [
  { command: "taskyard dev", background: true, shows: /Taskyard listens on/ },
  { command: "taskyard login --dev", shows: /developer in local on http/ },
  { command: "taskyard task init word-count", shows: /word-count\/task\.yaml/ },
  { command: "taskyard task validate word-count", shows: /✓ oracle[^]*✓ nop/ },
  { command: "taskyard task publish word-count", shows: /✓ local\/word-count@1\.0\.0 is published/ },
  {
    command: "taskyard runner --agent examples/hello-agent/agent.sh",
    background: true,
    shows: /connected to the pool/,
  },
  { command: "taskyard env create word-count --sandbox runner", shows: /state +ready/ },
  {
    command: "taskyard env shell latest",
    types: [
      ["$ ", "wc -w < data/words.txt > /tmp/answer.txt && sh verify.sh\r"],
      ["Solved.", "exit\r"],
    ],
    shows: /Solved\./,
  },
  { command: "taskyard run start Greet the world --follow", shows: /Done\.[^]*completed/ },
  {
    command: "taskyard eval create --task word-count --agent oracle --attempts 3 --watch",
    shows: /3 passed[^]*100% +\(44% to 100%, n = 3\)/,
  },
];

await runCommand(async (signal) => {
  await buildCli();
  const shown = await carryOut(signal);
  const page = await readFile(PAGE, "utf8");
  const written = replaceTranscript(page, shown);
  if (process.argv.includes("--write")) await writeFile(PAGE, written);
  else checkPage(page);
  console.log(`The ${STEPS.length} commands of docs/quickstart.md work.`);
});

/** Runs all commands, and returns what each has shown. */
async function carryOut(signal: AbortSignal): Promise<string[]> {
  const home = await mkdtemp(path.join(tmpdir(), "taskyard-quickstart-"));
  const transcript = new Transcript(await prepare(home), home);
  try {
    const shown: string[] = [];
    for (const step of STEPS) {
      console.log(`$ ${step.command}`);
      const text = await Promise.race([transcript.run(step), aborted(signal)]);
      const clean = tidy(text, home);
      console.log(clean);
      if (!step.shows.test(clean)) throw new PlainError(`${step.command}: it does not show ${String(step.shows)}`);
      shown.push(`$ ${step.command}\n${clean}`);
    }
    return shown;
  } finally {
    await transcript.stop();
    await rm(home, { recursive: true, force: true });
  }
}

/** What somebody has who has cloned the repository: the program in their PATH, and the examples. */
async function prepare(home: string): Promise<NodeJS.ProcessEnv> {
  const bin = path.join(home, "bin");
  await mkdir(bin);
  await symlink(CLI_PROGRAM, path.join(bin, "taskyard"));
  await symlink(path.join(ROOT, "examples"), path.join(home, "examples"));
  const known = Object.entries(process.env).filter(([name]) => !/^(TASKYARD_|XDG_|NO_COLOR|FORCE_COLOR)/.test(name));
  return {
    ...Object.fromEntries(known),
    HOME: home,
    PATH: [bin, path.join(ROOT, "node_modules", ".bin"), process.env["PATH"]].join(path.delimiter),
    PORT: "0",
    TASKYARD_STATE: path.join(home, ".taskyard"),
  };
}

/** What was shown, without what differs from machine to machine. */
function tidy(text: string, home: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\r\n", "\n")
    .replaceAll("\r", "")
    .replaceAll(home, "~")
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "http://127.0.0.1:8787")
    .replaceAll(/ty_[\da-f]{24}_[\da-f]{64}/g, "ty_…")
    .replaceAll(/^[^\n]*\bcurl -H [^\n]*\n/gm, "")
    .replaceAll(/[ \t]+$/gm, "")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

function replaceTranscript(page: string, shown: readonly string[]): string {
  const [before = "", , after = ""] = cut(page);
  const fences = shown.map((text) => `\`\`\`text\n${text}\n\`\`\``).join("\n\n");
  return `${before}${BEGIN}\n\n${fences}\n\n${END}${after}`;
}

/** Fails where the page shows other commands, or something else of them, than there is. */
function checkPage(page: string): void {
  const fences = [...(cut(page)[1] ?? "").matchAll(/^```text\n\$ ([^\n]*)\n([^]*?)^```$/gm)];
  const update = "Write it anew: npm run quickstart -- --write";
  const commands = fences.map(([, command]) => command);
  if (commands.join("\n") !== STEPS.map(({ command }) => command).join("\n")) {
    throw new PlainError(`docs/quickstart.md shows other commands.\n\n${update}`);
  }
  for (const [index, [, command, text = ""]] of fences.entries()) {
    if (!STEPS[index]?.shows.test(text))
      throw new PlainError(`docs/quickstart.md: ${command} shows something else.\n\n${update}`);
  }
}

function cut(page: string): string[] {
  const [before = "", rest = ""] = page.split(BEGIN);
  const [transcript, after] = rest.split(END);
  if (transcript === undefined || after === undefined)
    throw new PlainError(`docs/quickstart.md has no place for a transcript.`);
  return [before, transcript, after];
}
