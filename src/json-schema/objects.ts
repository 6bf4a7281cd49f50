import { encodePointer, type Schema } from "@cfworker/json-schema";
import type { JsonSchema } from "./schema-index.ts";
import type { Evaluated, Located, Validation } from "./validate.ts";

/** Steps of looking up one key. */
const KEY_STEPS = 20;

/** What is wrong with an object under the keywords of objects; notes in `seen` which properties were looked at. */
export function findObjectProblem(
  schema: Schema,
  value: object,
  at: Located,
  validation: Validation,
  seen: Evaluated | undefined,
): string | undefined {
  const object = new ObjectVisit(value, at, validation);
  return (
    object.findCountProblem(schema) ??
    object.findDependencyProblem(schema, seen) ??
    object.findPropertyProblem(schema, seen)
  );
}

class ObjectVisit {
  readonly #value: object;
  readonly #at: Located;
  readonly #validation: Validation;
  readonly #keys: string[];

  constructor(value: object, at: Located, validation: Validation) {
    this.#value = value;
    this.#at = at;
    this.#validation = validation;
    this.#keys = Object.keys(value);
    this.#spend(this.#keys.length);
  }

  findCountProblem({ required, minProperties, maxProperties, propertyNames }: Schema): string | undefined {
    this.#spend(required?.length ?? 0);
    const missing = required?.find((key) => !this.#has(key));
    if (missing !== undefined) return this.#say(`Instance does not have required property "${missing}".`);
    const count = this.#keys.length;
    if (minProperties !== undefined && count < minProperties)
      return this.#say(`It has less than ${minProperties} properties.`);
    if (maxProperties !== undefined && count > maxProperties)
      return this.#say(`It has more than ${maxProperties} properties.`);
    if (propertyNames === undefined) return undefined;
    for (const key of this.#keys) {
      const problem = this.#validation.visit(propertyNames, { value: key, place: this.#placeOf(key) });
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  findDependencyProblem(schema: Schema, seen: Evaluated | undefined): string | undefined {
    const { dependentRequired, dependentSchemas, dependencies } = schema;
    for (const rules of [dependentRequired, dependentSchemas, dependencies]) {
      const entries: [string, string[] | JsonSchema][] = Object.entries(rules ?? {});
      this.#spend(entries.length);
      for (const [key, rule] of entries) {
        const problem = this.#has(key) ? this.#findRuleProblem(key, rule, seen) : undefined;
        if (problem !== undefined) return problem;
      }
    }
    return undefined;
  }

  findPropertyProblem(schema: Schema, seen: Evaluated | undefined): string | undefined {
    const { properties, additionalProperties, unevaluatedProperties } = schema;
    const own = new Set<string>();
    for (const key of this.#keys) {
      if (properties === undefined || !Object.hasOwn(properties, key)) continue;
      own.add(key);
      const problem = this.#visitProperty(properties[key] ?? true, key);
      if (problem !== undefined) return problem;
    }
    const problem =
      this.#visitPatterns(schema, own) ?? this.#visitRest(additionalProperties, (key) => own.has(key), own);
    if (problem !== undefined) return problem;
    for (const key of own) seen?.add(key);
    const rest = new Set<string>();
    const late = this.#visitRest(unevaluatedProperties, (key) => seen?.has(key) === true, rest);
    for (const key of rest) seen?.add(key);
    return late;
  }

  #visitPatterns({ patternProperties }: Schema, own: Set<string>): string | undefined {
    const { index, work } = this.#validation;
    for (const [pattern, part] of Object.entries(patternProperties ?? {})) {
      const compiled = index.pattern(pattern);
      for (const key of this.#keys) {
        if (!compiled.isIn(key, work)) continue;
        own.add(key);
        const problem = this.#visitProperty(part, key);
        if (problem !== undefined) return problem;
      }
    }
    return undefined;
  }

  /** The properties that are not known yet, which then are. */
  #visitRest(
    schema: JsonSchema | undefined,
    isKnown: (key: string) => boolean,
    visited: Set<string>,
  ): string | undefined {
    if (schema === undefined) return undefined;
    for (const key of this.#keys) {
      if (isKnown(key)) continue;
      const problem =
        schema === false ? this.#say(`Property "${key}" is not allowed.`) : this.#visitProperty(schema, key);
      if (problem !== undefined) return problem;
      visited.add(key);
    }
    return undefined;
  }

  #visitProperty(schema: JsonSchema, key: string): string | undefined {
    return this.#validation.visit(schema, { value: Reflect.get(this.#value, key), place: this.#placeOf(key) });
  }

  #findRuleProblem(key: string, rule: string[] | JsonSchema, seen: Evaluated | undefined): string | undefined {
    if (!Array.isArray(rule)) return this.#validation.visit(rule, this.#at, seen);
    this.#spend(rule.length);
    const missing = rule.find((name) => !this.#has(name));
    return missing === undefined ? undefined : this.#say(`Instance has "${key}" but does not have "${missing}".`);
  }

  #spend(keys: number): void {
    this.#validation.work.spend(keys * KEY_STEPS);
  }

  #has(key: string): boolean {
    return Object.hasOwn(this.#value, key);
  }

  #placeOf(key: string): string {
    return `${this.#at.place}/${encodePointer(key)}`;
  }

  #say(problem: string): string {
    return `${this.#at.place}: ${problem}`;
  }
}
