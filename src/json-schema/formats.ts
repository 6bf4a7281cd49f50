import { format as FORMATS } from "@cfworker/json-schema";
import type { Work } from "./work-budget.ts";

/** Characters that a text may have to be of a format; the longest, a URL, has rarely a tenth of it. */
const MAX_CHARACTERS = 2_000;
/** Steps a character: formats are matched by patterns that look at a character more than once. */
const STEPS = 5;

/** In the place of patterns whose time is not bounded by the length of the text. */
const OWN_FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  url: (text) => /^(https?|ftp):\/\//i.test(text) && URL.canParse(text),
  // Whether it is a pattern that would be taken as one is asked of schemas, not of values.
  regex: () => true,
};

/** Whether a text has a format; every text has a format that is not known. */
export function hasFormat(name: string, text: string, work: Work): boolean {
  const known: Readonly<Record<string, (text: string) => boolean>> = FORMATS;
  const check = OWN_FORMATS[name] ?? (Object.hasOwn(known, name) ? known[name] : undefined);
  if (!check) return true;
  work.spend(STEPS * Math.min(text.length, MAX_CHARACTERS));
  return text.length <= MAX_CHARACTERS && check(text);
}
