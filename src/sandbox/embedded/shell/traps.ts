import type { ExecResult, StatementNode } from "just-bash";

/** Signals that are never sent here: their traps are accepted and never run. */
const SIGNALS = /^(SIG)?(INT|TERM|HUP|QUIT|PIPE|USR1|USR2|ALRM|CHLD|CONT|TSTP)$|^([1-9]|1\d|2\d)$/;
const EXIT = /^(EXIT|0)$/;

const done = (stdout = ""): ExecResult => ({ stdout, stderr: "", exitCode: 0 });

/**
 * trap(1) of a script: what it is to do when it ends. just-bash has no traps, so that the command is run after the script,
 * with its variables, folder and functions.
 */
export class Traps {
  #onExit: string | undefined;

  /** The command `trap`. */
  run(args: string[]): ExecResult {
    const words = args[0] === "--" ? args.slice(1) : args;
    if (words.length === 0 || words[0] === "-p") return done(this.#shown());
    if (words[0] === "-l") return done("EXIT\n");
    // One word alone is a condition whose trap goes.
    const [action = "", conditions] = words.length === 1 ? ["-", words] : [words[0], words.slice(1)];
    const unknown = conditions.find((name) => !EXIT.test(name) && !SIGNALS.test(name));
    if (unknown !== undefined) {
      const stderr = `trap: ${unknown}: only EXIT is not ignored in the embedded sandbox; a runner has all of them\n`;
      return { stdout: "", stderr, exitCode: 1 };
    }
    if (conditions.some((name) => EXIT.test(name))) this.#onExit = action === "-" ? undefined : action;
    return done();
  }

  /** The script to run after one that has ended with this exit code; undefined without a trap. */
  commandAfter(functions: readonly string[], exitCode: number): string | undefined {
    if (this.#onExit === undefined || this.#onExit === "") return undefined;
    const command = [...functions, `(exit ${exitCode})`, this.#onExit, `exit ${exitCode}`].join("\n");
    this.#onExit = undefined;
    return command;
  }

  #shown(): string {
    return this.#onExit === undefined ? "" : `trap -- '${this.#onExit.replaceAll("'", String.raw`'\''`)}' EXIT\n`;
  }
}

/** The functions that a script defines, as they stand in it. */
export function functionsOf(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  if (isDefinition(node)) return node.sourceText === undefined ? [] : [node.sourceText];
  return Object.values(node).flatMap(functionsOf);
}

function isDefinition(node: object): node is StatementNode {
  if (!("type" in node) || node.type !== "Statement" || !("pipelines" in node)) return false;
  const [pipeline, ...others]: StatementNode["pipelines"] = Array.isArray(node.pipelines) ? node.pipelines : [];
  return others.length === 0 && pipeline?.commands.length === 1 && pipeline.commands[0]?.type === "FunctionDef";
}
