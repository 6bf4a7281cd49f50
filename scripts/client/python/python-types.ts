import { componentOf, type OpenApiDocument, type Schema } from "./read-document.ts";
import { classCase } from "./python-text.ts";

/** A TypedDict of the models. */
export interface Model {
  name: string;
  description: string;
  fields: { name: string; type: string; isRequired: boolean; description: string }[];
}

/** A component that is another type under a name. */
export interface Alias {
  name: string;
  type: string;
  description: string;
}

interface Properties {
  properties: Record<string, Schema>;
  required: Set<string>;
}

/**
 * Python's types of the schemas that are asked for. Objects become TypedDicts, those that are written out within others by the
 * names of both.
 */
export class PythonTypes {
  readonly models = new Map<string, Model>();
  readonly aliases: Alias[] = [];
  readonly #schemas: Record<string, Schema>;
  readonly #used = new Set<string>();
  /** Names of the objects that are written out within others. */
  readonly #named = new Map<Schema, string>();

  constructor(document: OpenApiDocument) {
    this.#schemas = document.components.schemas;
  }

  /** The schema itself, where `schema` refers to it. */
  resolve(schema: Schema): Schema {
    const { $ref } = schema;
    return $ref === undefined ? schema : this.resolve(this.#component($ref));
  }

  /**
   * The type of `schema`; an object in it is named `name`. A component that may be null is so where a property holds it:
   * `isWhole` says that it is a body, or an item of a list, which is never null.
   */
  typeOf(schema: Schema, name: string, isWhole = false): string {
    const isNullable = this.#isNullable(schema);
    const type = this.#withoutNull(schema, name);
    return isNullable && !isWhole && type !== "Any" ? `${type} | None` : type;
  }

  #component(ref: string): Schema {
    const found = this.#schemas[componentOf(ref)];
    if (!found) throw new Error(`The document has no ${ref}`);
    return found;
  }

  /** The component of that name, which becomes a type as soon as something is made of it. */
  #use(ref: string): string {
    const name = componentOf(ref);
    if (!this.#used.has(name)) {
      this.#used.add(name);
      this.#addComponent(name, this.#component(ref));
    }
    return name;
  }

  #addComponent(name: string, schema: Schema): void {
    const description = schema.description ?? "";
    if (this.#hasFields(schema)) this.#addModel(name, schema);
    else this.aliases.push({ name, type: this.typeOf(schema, `${name}Value`), description });
  }

  #addModel(name: string, schema: Schema): string {
    const known = this.#named.get(schema);
    if (known !== undefined) return known;
    this.#named.set(schema, name);
    if (this.models.has(name)) throw new Error(`Two objects would be called ${name}`);
    const model: Model = { name, description: schema.description ?? "", fields: [] };
    this.models.set(name, model);
    const { properties, required } = this.#propertiesOf(schema);
    model.fields = Object.entries(properties).map(([field, value]) => ({
      name: field,
      type: this.typeOf(value, name + classCase(field)),
      isRequired: required.has(field),
      description: value.description ?? "",
    }));
    return name;
  }

  #hasFields(schema: Schema): boolean {
    return Object.keys(this.#propertiesOf(schema).properties).length > 0;
  }

  /** All properties of an object, with those of the schemas that it is made of. */
  #propertiesOf(schema: Schema): Properties {
    const parts = schema.allOf?.map((part) => this.#propertiesOf(this.resolve(part))) ?? [];
    return {
      properties: Object.assign({}, ...parts.map((part) => part.properties), schema.properties),
      required: new Set([...parts.flatMap((part) => [...part.required]), ...(schema.required ?? [])]),
    };
  }

  #isNullable(schema: Schema): boolean {
    const { $ref, type, allOf, anyOf, oneOf } = schema;
    if ($ref !== undefined) return this.#isNullable(this.#component($ref));
    if (Array.isArray(type) ? type.includes("null") : type === "null") return true;
    if ((anyOf ?? oneOf)?.some((part) => this.#isNullable(part))) return true;
    // `nullable()` on a component is written as it and a second part that may be null.
    return allOf?.some((part) => part.$ref === undefined && this.#isNullable(part)) ?? false;
  }

  #withoutNull(schema: Schema, name: string): string {
    const { $ref, anyOf, oneOf, allOf } = schema;
    if ($ref !== undefined) return this.#use($ref);
    if (schema.enum)
      return `Literal[${schema.enum
        .filter((value) => value !== null)
        .map(toLiteral)
        .join(", ")}]`;
    const either = anyOf ?? oneOf;
    if (either) {
      const types = either
        .filter((part) => part.type !== "null")
        .map((part, index) => this.#withoutNull(part, name + (index || "")));
      return [...new Set(types)].join(" | ");
    }
    if (allOf) {
      const [first, ...rest] = allOf;
      const isFirst = first?.$ref !== undefined && rest.every((part) => !this.#hasFields(this.resolve(part)));
      return isFirst ? this.#withoutNull(first, name) : this.#addModel(name, schema);
    }
    const types = [schema.type ?? []].flat().filter((type) => type !== "null");
    return types.length === 0 ? "Any" : types.map((type) => this.#single(type, schema, name)).join(" | ");
  }

  #single(type: string, schema: Schema, name: string): string {
    if (type === "string") return "str";
    if (type === "integer") return "int";
    if (type === "number") return "float";
    if (type === "boolean") return "bool";
    if (type === "array") return `list[${schema.items ? this.typeOf(schema.items, `${name}Item`, true) : "Any"}]`;
    if (type !== "object") throw new Error(`${name} is of an unknown type: ${type}`);
    const { additionalProperties: others } = schema;
    const isClosed = others === undefined || others === false || (typeof others === "object" && "not" in others);
    // A TypedDict has no place for keys beside its own.
    if (isClosed && this.#hasFields(schema)) return this.#addModel(name, schema);
    const isTyped = !isClosed && typeof others === "object" && !this.#hasFields(schema);
    return `dict[str, ${isTyped ? this.typeOf(others, `${name}Value`) : "Any"}]`;
  }
}

function toLiteral(value: string | number | boolean | null): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}
