import type { Schema } from "@cfworker/json-schema";
import { patternSize } from "./pattern-size.ts";
import { LinearPattern } from "./patterns.ts";

/** A JSON Schema of draft 7, 2019-09 or 2020-12: an object of keywords, or `true` or `false`. */
export type JsonSchema = Schema | boolean;

/** What all patterns of a schema may come to, since compiling takes longer than running. */
const MAX_PATTERNS_SIZE = 10_000;
/** Schemas that may stand behind each other for one and the same value, by $ref, allOf, if and the like. */
const MAX_CHAIN = 100;

/** Where schemas stand in a schema: one, a list, or an object of them. */
const ONE = ["additionalItems", "unevaluatedItems", "contains", "additionalProperties", "unevaluatedProperties"].concat(
  ["propertyNames", "not", "if", "then", "else", "items"],
);
const LISTS = ["prefixItems", "items", "allOf", "anyOf", "oneOf"];
const MAPS = ["$defs", "definitions", "properties", "patternProperties", "dependentSchemas", "dependencies"];
/** Those that look at the same value as the schema itself. */
const SAME_VALUE = new Set([
  "not",
  "if",
  "then",
  "else",
  "allOf",
  "anyOf",
  "oneOf",
  "dependentSchemas",
  "dependencies",
]);

/** What relative URIs are relative to; nothing is ever fetched. */
const BASE = "https://schema.invalid/";

/**
 * A schema read once: every schema in it by its URI, every $ref resolved, every pattern compiled. Each definition is
 * visited once however often it is referred to, so that time and memory are linear in the schema's size.
 */
export class SchemaIndex {
  readonly root: JsonSchema;
  /** Draft 7 and before: `$ref` stands alone, and what is beside it does not count. */
  readonly refStandsAlone: boolean;
  /** Whether some schema asks which properties or items others have looked at. */
  hasUnevaluated = false;
  readonly #isSchema: (value: unknown) => boolean;
  readonly #byUri = new Map<string, JsonSchema>();
  readonly #targets = new Map<Schema, JsonSchema>();
  readonly #patterns = new Map<string, LinearPattern>();
  /** The schemas that look at the same value, for each. */
  readonly #behind = new Map<Schema, Schema[]>();
  readonly #refs: { schema: Schema; uri: string }[] = [];
  #patternsSize = 0;

  /** `isSchema` says of a part that a $ref leads to whether it is one. Throws an Error that says what is wrong. */
  static read(root: JsonSchema, isSchema: (value: unknown) => boolean): SchemaIndex {
    const index = new SchemaIndex(root, isSchema);
    index.#enter(root, new URL(BASE));
    // Grows while it is gone through, where a $ref leads to a part that is no schema by its place.
    for (const { schema, uri } of index.#refs) index.#resolve(schema, uri);
    index.#refuseCircles();
    return index;
  }

  private constructor(root: JsonSchema, isSchema: (value: unknown) => boolean) {
    this.root = root;
    this.#isSchema = isSchema;
    const named = typeof root === "object" ? (root.$schema ?? "") : "";
    this.refStandsAlone = /draft-0[67]\b/.test(named);
    this.#byUri.set(BASE, root);
  }

  /** What the `$ref` of a schema leads to. */
  target(schema: Schema): JsonSchema | undefined {
    return this.#targets.get(schema);
  }

  pattern(text: string): LinearPattern {
    const known = this.#patterns.get(text);
    if (known) return known;
    this.#patternsSize += patternSize(text);
    if (this.#patternsSize > MAX_PATTERNS_SIZE) {
      throw new Error(
        `Its patterns together have more than ${MAX_PATTERNS_SIZE} steps with their repeats written out.`,
      );
    }
    const compiled = LinearPattern.compile(text);
    this.#patterns.set(text, compiled);
    return compiled;
  }

  #enter(schema: unknown, base: URL): void {
    if (typeof schema !== "object" || schema === null || this.#behind.has(schema)) return;
    const object: Schema = schema;
    const behind: Schema[] = [];
    this.#behind.set(object, behind);
    const own = this.#name(object, base);
    const ref = object.$ref ?? object.$recursiveRef;
    if (typeof ref === "string") this.#refs.push({ schema: object, uri: resolve(ref, own).href });
    if (object.pattern !== undefined) this.pattern(object.pattern);
    for (const pattern of Object.keys(object.patternProperties ?? {})) this.pattern(pattern);
    this.hasUnevaluated ||= "unevaluatedItems" in object || "unevaluatedProperties" in object;
    for (const [keyword, part] of childrenOf(object)) {
      this.#enter(part, own);
      if (SAME_VALUE.has(keyword) && typeof part === "object") behind.push(part);
    }
  }

  /** Notes a schema's `$id` and `$anchor`; the base of what stands in it. */
  #name(schema: Schema, base: URL): URL {
    let own = base;
    if (typeof schema.$id === "string") {
      const url = resolve(schema.$id, base);
      this.#note(url.href, schema);
      if (url.hash.length <= 1) own = url;
    }
    if (typeof schema.$anchor === "string") this.#note(resolve(`#${schema.$anchor}`, own).href, schema);
    return own;
  }

  #note(named: string, schema: Schema): void {
    const uri = named.replace(/#$/, "");
    const known = this.#byUri.get(uri);
    if (known !== undefined && known !== schema) throw new Error(`Duplicate schema URI "${uri}".`);
    this.#byUri.set(uri, schema);
  }

  #resolve(schema: Schema, uri: string): void {
    const target = this.#find(uri);
    if (target === undefined) throw new Error(`Nothing is at $ref "${uri.replace(BASE, "")}".`);
    this.#targets.set(schema, target);
    if (typeof target !== "object") return;
    this.#behind.get(schema)?.push(target);
    if (this.#behind.has(target)) return;
    if (!this.#isSchema(target)) throw new Error(`What is at $ref "${uri.replace(BASE, "")}" is no schema.`);
    this.#enter(target, new URL(uri));
  }

  #find(uri: string): JsonSchema | undefined {
    const known = this.#byUri.get(uri.replace(/#$/, ""));
    if (known !== undefined) return known;
    const [resource = "", fragment = ""] = uri.split("#", 2);
    let part: unknown = this.#byUri.get(resource);
    if (part === undefined || !fragment.startsWith("/")) return undefined;
    for (const step of decodeURIComponent(fragment).slice(1).split("/")) {
      const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof part !== "object" || part === null || !Object.hasOwn(part, name)) return undefined;
      part = Reflect.get(part, name);
    }
    return typeof part === "boolean" || (typeof part === "object" && part !== null && !Array.isArray(part))
      ? (part satisfies Schema | boolean)
      : undefined;
  }

  /** Refuses schemas that lead back to themselves without looking at a smaller part of the value, and long chains. */
  #refuseCircles(): void {
    const lengths = new Map<Schema, number>();
    for (const first of this.#behind.keys()) this.#measure(first, lengths);
  }

  /** The longest chain behind a schema; without recursion, since a chain may be as long as the schema is large. */
  #measure(first: Schema, lengths: Map<Schema, number>): void {
    const path = [{ schema: first, next: 0, longest: 0 }];
    const open = new Set([first]);
    for (let last = path.at(-1); last; last = path.at(-1)) {
      const child = this.#behind.get(last.schema)?.[last.next];
      last.next += 1;
      if (child === undefined) {
        lengths.set(last.schema, last.longest + 1);
        open.delete(last.schema);
        path.pop();
        const parent = path.at(-1);
        if (parent) parent.longest = Math.max(parent.longest, last.longest + 1);
        if (last.longest > MAX_CHAIN) throw new Error(`More than ${MAX_CHAIN} schemas stand behind each other.`);
      } else if (open.has(child)) {
        throw new Error("A $ref leads back to itself.");
      } else if (lengths.has(child)) {
        last.longest = Math.max(last.longest, lengths.get(child) ?? 0);
      } else {
        open.add(child);
        path.push({ schema: child, next: 0, longest: 0 });
      }
    }
  }
}

function resolve(reference: string, base: URL): URL {
  if (!URL.canParse(reference, base.href)) throw new Error(`"${reference.slice(0, 100)}" is no URI.`);
  return new URL(reference, base);
}

/** The schemas directly in a schema, with the keyword that each stands under. */
function* childrenOf(schema: Schema): Generator<[string, Schema | boolean]> {
  const parts: Readonly<Record<string, unknown>> = schema;
  for (const keyword of ONE) if (isSchemaShaped(parts[keyword])) yield [keyword, parts[keyword]];
  for (const keyword of LISTS) {
    const list = parts[keyword];
    if (Array.isArray(list)) for (const part of list) if (isSchemaShaped(part)) yield [keyword, part];
  }
  for (const keyword of MAPS) {
    const map = parts[keyword];
    if (!isSchemaShaped(map)) continue;
    for (const part of Object.values(map)) if (isSchemaShaped(part)) yield [keyword, part];
  }
}

function isSchemaShaped(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
