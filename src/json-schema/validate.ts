import type { Schema } from "@cfworker/json-schema";
import { findArrayProblem } from "./arrays.ts";
import { canonicalText } from "./canonical.ts";
import { findObjectProblem } from "./objects.ts";
import { findNumberProblem, findTextProblem, findTypeProblem } from "./scalars.ts";
import type { JsonSchema, SchemaIndex } from "./schema-index.ts";
import { Work } from "./work-budget.ts";

/** Steps of looking at one value under one schema, besides what its keywords take. */
const VISIT_STEPS = 100;
/** Steps of telling another schema of one property or item. */
const MERGE_STEPS = 30;

/** Properties or items of one value that schemas have looked at; kept only where a schema asks for it. */
export type Evaluated = Set<string | number>;

/** A value at its place, as a JSON pointer after `#`. */
export interface Located {
  value: unknown;
  place: string;
}

/** Looks at a part of the value, or at the same value under another schema; the first problem in words, or undefined. */
export type Visit = (schema: JsonSchema, at: Located, evaluated?: Evaluated) => string | undefined;

/** One validation: a schema, and the work that it may still do. */
export class Validation {
  readonly index: SchemaIndex;
  readonly work: Work;
  /** The texts of every `enum` that was asked. */
  readonly #choices = new Map<readonly unknown[], ReadonlySet<string>>();

  constructor(index: SchemaIndex, work = new Work()) {
    this.index = index;
    this.work = work;
  }

  /** What is wrong with a value, as `#/its/place: why`, or undefined when it matches. Throws TooMuchWork. */
  run(value: unknown): string | undefined {
    return this.visit(this.index.root, { value, place: "#" });
  }

  readonly visit: Visit = (schema, at, evaluated) => {
    this.work.spend(VISIT_STEPS + at.place.length);
    if (schema === true) return undefined;
    if (schema === false) return `${at.place}: Nothing is allowed here.`;
    const seen: Evaluated | undefined = this.index.hasUnevaluated ? new Set() : undefined;
    const problem = this.#applyAll(schema, at, seen);
    if (problem === undefined && seen && evaluated) this.#merge(seen, evaluated);
    return problem;
  };

  #applyAll(schema: Schema, at: Located, seen: Evaluated | undefined): string | undefined {
    const target = this.index.target(schema);
    if (target !== undefined) {
      const problem = this.visit(target, at, seen);
      if (problem !== undefined || this.index.refStandsAlone) return problem;
    }
    return this.#applyValue(schema, at) ?? this.#applyCombined(schema, at, seen) ?? this.#applyParts(schema, at, seen);
  }

  #applyValue(schema: Schema, { value, place }: Located): string | undefined {
    const said = findTypeProblem(schema.type, value) ?? this.#findConstantProblem(schema, value);
    const own =
      typeof value === "string"
        ? findTextProblem(schema, value, this)
        : typeof value === "number"
          ? findNumberProblem(schema, value, this.work)
          : undefined;
    const problem = said ?? own;
    return problem === undefined ? undefined : `${place}: ${problem}`;
  }

  #findConstantProblem(schema: Schema, value: unknown): string | undefined {
    const { const: constant, enum: choices } = schema;
    if (constant === undefined && choices === undefined) return undefined;
    const own = canonicalText(value, this.work);
    if (constant !== undefined && canonicalText(constant, this.work) !== own) return "It is not the one allowed value.";
    if (choices === undefined || this.#textsOf(choices).has(own)) return undefined;
    return "It is none of the allowed values.";
  }

  #textsOf(choices: readonly unknown[]): ReadonlySet<string> {
    const known = this.#choices.get(choices);
    if (known) return known;
    const texts = new Set(choices.map((choice) => canonicalText(choice, this.work)));
    this.#choices.set(choices, texts);
    return texts;
  }

  #applyCombined(schema: Schema, at: Located, seen: Evaluated | undefined): string | undefined {
    for (const part of schema.allOf ?? []) {
      const problem = this.visit(part, at, seen);
      if (problem !== undefined) return problem;
    }
    return (
      this.#applyAnyOf(schema.anyOf, at, seen) ??
      this.#applyOneOf(schema.oneOf, at, seen) ??
      this.#applyNot(schema.not, at) ??
      this.#applyIf(schema, at, seen)
    );
  }

  #applyAnyOf(choices: JsonSchema[] | undefined, at: Located, seen: Evaluated | undefined): string | undefined {
    if (!choices) return undefined;
    let first: string | undefined;
    let isAny = false;
    for (const choice of choices) {
      const problem = this.visit(choice, at, seen);
      first ??= problem;
      isAny ||= problem === undefined;
      // The others may look at more, which counts only where somebody asks.
      if (isAny && !seen) break;
    }
    return isAny ? undefined : (first ?? `${at.place}: It matches no choice.`);
  }

  #applyOneOf(choices: JsonSchema[] | undefined, at: Located, seen: Evaluated | undefined): string | undefined {
    if (!choices) return undefined;
    const problems = choices.map((choice) => this.visit(choice, at, seen));
    const matches = problems.filter((problem) => problem === undefined).length;
    if (matches === 1) return undefined;
    return matches === 0
      ? (problems[0] ?? `${at.place}: It matches no choice.`)
      : `${at.place}: It matches ${matches} choices where one is allowed.`;
  }

  #applyNot(schema: JsonSchema | undefined, at: Located): string | undefined {
    if (schema === undefined || this.visit(schema, at) !== undefined) return undefined;
    return `${at.place}: It matches what it must not.`;
  }

  #applyIf({ if: condition, then, else: otherwise }: Schema, at: Located, seen: Evaluated | undefined) {
    if (condition === undefined) return undefined;
    const branch = this.visit(condition, at, seen) === undefined ? then : otherwise;
    return branch === undefined ? undefined : this.visit(branch, at, seen);
  }

  #applyParts(schema: Schema, at: Located, seen: Evaluated | undefined): string | undefined {
    const { value } = at;
    if (Array.isArray(value)) return findArrayProblem(schema, value, at, this, seen);
    if (typeof value !== "object" || value === null) return undefined;
    return findObjectProblem(schema, value, at, this, seen);
  }

  #merge(from: Evaluated, into: Evaluated): void {
    this.work.spend(from.size * MERGE_STEPS);
    for (const part of from) into.add(part);
  }
}
