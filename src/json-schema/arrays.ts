import type { Schema } from "@cfworker/json-schema";
import { canonicalText } from "./canonical.ts";
import type { JsonSchema } from "./schema-index.ts";
import type { Evaluated, Located, Validation } from "./validate.ts";

/** What is wrong with an array under the keywords of arrays; notes in `seen` which items were looked at. */
export function findArrayProblem(
  schema: Schema,
  items: readonly unknown[],
  at: Located,
  validation: Validation,
  seen: Evaluated | undefined,
): string | undefined {
  const array = new ArrayVisit(items, at, validation, seen);
  return (
    array.findCountProblem(schema) ??
    array.findItemProblem(schema) ??
    array.findContainsProblem(schema) ??
    array.findUnevaluatedProblem(schema)
  );
}

class ArrayVisit {
  readonly #items: readonly unknown[];
  readonly #at: Located;
  readonly #validation: Validation;
  readonly #seen: Evaluated | undefined;

  constructor(items: readonly unknown[], at: Located, validation: Validation, seen: Evaluated | undefined) {
    this.#items = items;
    this.#at = at;
    this.#validation = validation;
    this.#seen = seen;
  }

  findCountProblem({ minItems, maxItems, uniqueItems }: Schema): string | undefined {
    const { length } = this.#items;
    if (maxItems !== undefined && length > maxItems)
      return this.#say(`Array has too many items (${length} > ${maxItems}).`);
    if (minItems !== undefined && length < minItems)
      return this.#say(`Array has too few items (${length} < ${minItems}).`);
    if (uniqueItems !== true) return undefined;
    const places = new Map<string, number>();
    for (const [index, item] of this.#items.entries()) {
      const text = canonicalText(item, this.#validation.work);
      const first = places.get(text);
      if (first !== undefined) return this.#say(`Duplicate items at indexes ${first} and ${index}.`);
      places.set(text, index);
    }
    return undefined;
  }

  /** 2020-12 has `prefixItems` and `items`; before, a list of `items` and `additionalItems`. */
  findItemProblem({ prefixItems, items, additionalItems }: Schema): string | undefined {
    const listed = prefixItems ?? (Array.isArray(items) ? items : []);
    const rest = Array.isArray(items) ? additionalItems : items;
    for (const [index] of this.#items.entries()) {
      const schema = index < listed.length ? listed[index] : rest;
      if (schema === undefined) return undefined;
      const problem = this.#visit(schema, index);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  findContainsProblem({ contains, minContains = 1, maxContains = Infinity }: Schema): string | undefined {
    if (contains === undefined) return undefined;
    let count = 0;
    for (const [index] of this.#items.entries()) if (this.#visit(contains, index) === undefined) count += 1;
    if (count < minContains) return this.#say(`${count} items match "contains"; at least ${minContains} must.`);
    if (count > maxContains) return this.#say(`${count} items match "contains"; at most ${maxContains} may.`);
    return undefined;
  }

  findUnevaluatedProblem({ unevaluatedItems }: Schema): string | undefined {
    if (unevaluatedItems === undefined) return undefined;
    for (const [index] of this.#items.entries()) {
      if (this.#seen?.has(index)) continue;
      const problem = this.#visit(unevaluatedItems, index);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #visit(schema: JsonSchema, index: number): string | undefined {
    const problem = this.#validation.visit(schema, { value: this.#items[index], place: `${this.#at.place}/${index}` });
    if (problem === undefined) this.#seen?.add(index);
    return problem;
  }

  #say(problem: string): string {
    return `${this.#at.place}: ${problem}`;
  }
}
