import { usageFailure } from "./failure.ts";

/** What is written on the command line, as values. */

/** How ids look. */
export const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of `90`, `90s`, `15m`, `2h` or `30d`. */
export function readDuration(text: string): number {
  const [, number, unit = "s"] = /^(\d{1,9})([smhd])?$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? Number.NaN);
  if (!(seconds > 0)) throw usageFailure(`${text} is no duration.`, "Write 90s, 15m, 2h or 30d.");
  return seconds;
}

/** A whole number from 1 on. */
export function readCount(text: string, name: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw usageFailure(`${name} ${text} is no whole number from 1 on.`);
  }
  return count;
}

/** `NAME=VALUE`s as an object; undefined where there are none. */
export function readPairs(texts: readonly string[] | undefined, name: string): Record<string, string> | undefined {
  if (!texts) return undefined;
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      if (at < 1) throw usageFailure(`${name} ${text} has no value.`, `Write ${name} NAME=VALUE.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** A reference `[ORG/]NAME[@VERSION]`. */
export interface Reference {
  org: string | undefined;
  name: string;
  /** Undefined: the latest. */
  version: string | undefined;
}

export function readReference(text: string): Reference {
  const [, org, name, version] = /^(?:([^/@]+)\/)?([^/@]+)(?:@([^/@]+))?$/.exec(text) ?? [];
  if (name === undefined) throw usageFailure(`${text} names nothing.`, "Write NAME, NAME@VERSION or ORG/NAME@VERSION.");
  return { org, name, version: version === "latest" ? undefined : version };
}

/** Words as one line for a shell, each as it is. */
export function quoteWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w%+,./:=@^-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(" ");
}
