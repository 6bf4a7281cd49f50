import { asMapping } from "../yaml/parse-yaml.ts";
import { ComposeRefused } from "./compose-refused.ts";

/** Values as compose files spell them. Each of these throws ComposeRefused for what is none; `place` names it. */

const UNITS: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const SECONDS: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 };

export function refuse(place: string, message: string): never {
  throw new ComposeRefused(`${place} ${message}`);
}

export function readText(value: unknown, place: string): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  return refuse(place, "is no text.");
}

export function readOptionalText(value: unknown, place: string): string | null {
  return value === undefined ? null : readText(value, place);
}

export function readBoolean(value: unknown, place: string): boolean {
  if (value === undefined || value === false || value === "false") return false;
  return value === true || value === "true" || refuse(place, "is neither true nor false.");
}

export function readMapping(value: unknown, place: string): Record<string, unknown> {
  return value === undefined ? {} : (asMapping(value) ?? refuse(place, "is no mapping."));
}

/** A list of texts, or one text. */
export function readList(value: unknown, place: string): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map((item) => readText(item, place)) : [readText(value, place)];
}

/** Variables, as a mapping or as a list of `NAME=value`. Those without a value would come from who reads the file. */
export function readVariables(value: unknown, place: string): Record<string, string> {
  const pairs = Array.isArray(value)
    ? value.map((item) => {
        const text = readText(item, place);
        const at = text.indexOf("=");
        return at < 0 ? ([text, undefined] as const) : ([text.slice(0, at), text.slice(at + 1)] as const);
      })
    : Object.entries(readMapping(value, place));
  const read = pairs.map(([name, given]) => {
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) refuse(place, `has ${JSON.stringify(name)}, which is no name of a variable.`);
    if (given === undefined) refuse(place, `has ${name} without a value: write ${name}=\${${name}}.`);
    const text = readText(given, `${place}.${name}`);
    return /[\r\n\0]/.test(text) ? refuse(`${place}.${name}`, "has more than one line.") : ([name, text] as const);
  });
  return Object.fromEntries(read);
}

/** Bytes: `512m`, `1gb`, or a number of bytes. */
export function readSize(value: unknown, place: string): number | null {
  if (value === undefined) return null;
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(readText(value, place)) ?? [];
  return number === ""
    ? refuse(place, "is no size such as 512m.")
    : Math.floor(Number(number) * (UNITS[unit.toLowerCase() || "b"] ?? 1));
}

export function readNumber(value: unknown, place: string): number | null {
  if (value === undefined) return null;
  const number = Number(readText(value, place));
  return number > 0 ? number : refuse(place, "is no number above 0.");
}

/** Seconds: `1m30s`, `500ms`. */
export function readDuration(value: unknown, place: string): number | null {
  if (value === undefined) return null;
  const text = readText(value, place);
  if (!/^(?:\d+(?:\.\d+)?(?:h|ms|m|us|ns|s))+$/.test(text)) refuse(place, "is no time such as 1m30s.");
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|us|ns|s)/g)];
  return parts.reduce((sum, [, number, unit = "s"]) => sum + Number(number) * (SECONDS[unit] ?? 1), 0);
}

/** The words of a command: a list as it is, a text split as a shell would, without all else that a shell does. */
export function readWords(value: unknown, place: string): string[] | null {
  if (value === undefined) return null;
  return Array.isArray(value) ? readList(value, place) : splitWords(readText(value, place), place);
}

function splitWords(line: string, place: string): string[] {
  const words: string[] = [];
  let rest = line.trimStart();
  while (rest !== "") {
    const [word = ""] = /^(?:[^\s'"\\]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+/.exec(rest) ?? [];
    if (word === "") refuse(place, "has a quote that does not end.");
    words.push(unquote(word));
    rest = rest.slice(word.length);
    if (rest !== "" && !/^\s/.test(rest)) refuse(place, "has a quote that does not end.");
    rest = rest.trimStart();
  }
  return words;
}

function unquote(word: string): string {
  return word.replaceAll(/\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"/g, (_, escaped, single, double?: string) =>
    String(escaped ?? single ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? ""),
  );
}
