import { RE2JS } from "re2js";
import { patternSize } from "./pattern-size.ts";
import type { Work } from "./work-budget.ts";

/** What a pattern may come to when its counted repeats are written out. */
const MAX_SIZE = 2_000;

/** A pattern of a schema, run in an engine whose time grows with the text alone, whatever the pattern is. */
export class LinearPattern {
  readonly #regex: RE2JS;
  /** Instructions that it compiled to: a text costs so many steps a character. */
  readonly #instructions: number;

  private constructor(regex: RE2JS) {
    this.#regex = regex;
    this.#instructions = regex.programSize();
  }

  /** Throws an Error whose message says why the pattern cannot be run in linear time. */
  static compile(pattern: string): LinearPattern {
    const shown = JSON.stringify(pattern.slice(0, 100));
    if (patternSize(pattern) > MAX_SIZE) {
      throw new Error(
        `Pattern ${shown} is too large: with its repeats written out it has more than ${MAX_SIZE} steps.`,
      );
    }
    let regex: RE2JS;
    try {
      regex = RE2JS.compile(RE2JS.translateRegExp(pattern));
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
      const refused = "look-around, back-references and very large repeats are not taken";
      throw new Error(`Pattern ${shown} cannot be run in linear time (${why}): ${refused}.`, { cause: error });
    }
    return new LinearPattern(regex);
  }

  /** Whether the pattern is found anywhere in the text, as JSON Schema asks for. */
  isIn(text: string, work: Work): boolean {
    work.spend(this.#instructions * (text.length + 1));
    return this.#regex.matcher(text).find();
  }
}
