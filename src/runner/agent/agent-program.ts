import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { quote } from "../../sandbox/shell-word.ts";

/** The first word of a line for the shell, where it is plain enough to be read without one. */
const FIRST_WORD = /^[\w./+@~-]+(?=\s|$)/;

/**
 * The agent's command as the shell gets it: a program that is named relative to `base`, where the runner was started, is
 * found there, though its agent works elsewhere; the path of a file may have spaces.
 */
export function resolveAgent(command: string, base: string): string {
  if (isProgram(path.resolve(base, command))) return quote(path.resolve(base, command));
  return /^[\w.+-]+\//.test(command) ? `${quote(base)}/${command}` : command;
}

/** Why the command cannot run, as far as that shows without running it; undefined where nothing is wrong. */
export function findAgentProblem(command: string, base: string): string | undefined {
  const whole = path.resolve(base, command);
  if (isFile(whole)) return isProgram(whole) ? undefined : `${whole} is not executable: chmod +x it.`;
  const [word] = FIRST_WORD.exec(command) ?? [];
  // Names without a folder are found by PATH, or are the shell's own.
  if (word === undefined || !word.includes("/") || word.startsWith("~")) return undefined;
  const place = path.resolve(base, word);
  if (!isFile(place)) return `There is no program ${place}. A path with spaces in a longer command has to be quoted.`;
  return isProgram(place) ? undefined : `${place} is not executable: chmod +x it.`;
}

function isFile(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isFile() === true;
}

function isProgram(place: string): boolean {
  if (!isFile(place)) return false;
  try {
    accessSync(place, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
