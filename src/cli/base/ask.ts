import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { usageFailure } from "./failure.ts";
import { Interruption } from "./interruption.ts";

/** Bytes of standard input that are a key: more is something else. */
const KEY_MAX_BYTES = 4_096;

/** Asks for a line; with `hidden` it is not shown. Rejects when Ctrl-C is pressed. */
export async function askLine(question: string, { hidden = false } = {}): Promise<string> {
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  process.stderr.write(question);
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await new Promise((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("SIGINT", () => reject(new Interruption("SIGINT")));
      lines.once("close", () => reject(new Interruption("SIGINT")));
    });
  } finally {
    lines.close();
    if (hidden) process.stderr.write("\n");
  }
}

/** A secret by prompt, or all of standard input where that is no terminal. */
export async function readSecret(question: string): Promise<string> {
  if (process.stdin.isTTY) return (await askLine(question, { hidden: true })).trim();
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > KEY_MAX_BYTES) throw usageFailure("Standard input is too long for a key.");
  }
  return text.trim();
}

/** Makes sure that something is meant which cannot be undone. Fails where nobody can be asked. */
export async function confirm(question: string, yes: true | undefined): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw usageFailure(`${question} Nobody can be asked here.`, "Say so with --yes.");
  return /^y(es)?$/i.test((await askLine(`${question} [y/N] `)).trim());
}
