import { bracketed, docstring, isIdentifier, quote } from "./python-text.ts";
import type { Alias, Model, PythonTypes } from "./python-types.ts";

/** `models.py`: a TypedDict for each object of the document, and the names of what is no object. */
export function printModels(types: PythonTypes, head: string): string {
  const names = [...types.models.keys(), ...types.aliases.map(({ name }) => name)].sort();
  const lines = [
    head,
    '"""What the API takes and answers: dictionaries, just as they are sent."""',
    "",
    "from __future__ import annotations",
    "",
    "from typing import Any, Literal, TypedDict",
    "",
    ...bracketed("__all__ = [", names.map(quote), "", 0),
    ...[...types.models.values()].flatMap(printModel),
    "",
    ...types.aliases.flatMap(printAlias),
  ];
  return `${lines.join("\n")}\n`;
}

/** Python 3.10 has no `NotRequired`: a class of what is always there, and below it one of the rest. */
function printModel({ name, description, fields }: Model): string[] {
  const required = fields.filter(({ isRequired }) => isRequired);
  const optional = fields.filter(({ isRequired }) => !isRequired);
  const odd = fields.find((field) => !isIdentifier(field.name));
  if (odd) throw new Error(`${name}.${odd.name} cannot be the name of an attribute`);
  const about = docstring(description, 4);
  if (optional.length === 0 || required.length === 0) {
    const total = required.length === 0 ? ", total=False" : "";
    return ["", "", `class ${name}(TypedDict${total}):`, ...about, ...spaced(about, printFields(fields))];
  }
  const base = `_${name}Required`;
  return [
    "",
    "",
    `class ${base}(TypedDict):`,
    ...printFields(required),
    "",
    "",
    `class ${name}(${base}, total=False):`,
    ...about,
    ...spaced(about, printFields(optional)),
  ];
}

function spaced(before: string[], lines: string[]): string[] {
  return before.length > 0 && lines.length > 0 ? ["", ...lines] : lines;
}

function printFields(fields: Model["fields"]): string[] {
  return fields.flatMap(({ name, type, description }) => [`    ${name}: ${type}`, ...docstring(description, 4)]);
}

function printAlias({ name, type, description }: Alias): string[] {
  return ["", `${name} = ${type}`, ...docstring(description, 0)];
}
