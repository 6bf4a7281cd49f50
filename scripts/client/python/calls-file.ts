import type { Argument, Call, CallGroup, Pages } from "./calls.ts";
import { bracketed, classCase, docstring, quote, snakeCase, toSentence } from "./python-text.ts";
import type { PythonTypes } from "./python-types.ts";

/** The two kinds of methods: those that wait, and those that are awaited. */
interface Flavour {
  isAsync: boolean;
  prefix: string;
}

const SYNC: Flavour = { isAsync: false, prefix: "" };
const ASYNC: Flavour = { isAsync: true, prefix: "Async" };

/** The module of a group: `task_registry`. */
export const moduleOf = (group: CallGroup): string => snakeCase(group.name);

/** The class of a group: `TaskRegistryCalls`, and before it `Async` for the other kind. Models have names like the group's own. */
const classOf = (group: CallGroup): string => `${classCase(group.name)}Calls`;

/** `from m import (a, b)` on one line needs no brackets. */
const withoutBrackets = (line: string): string => line.replace(/ import \((.+)\)$/, " import $1");

/** A module with the two classes of a group's operations. */
export function printCalls(group: CallGroup, types: PythonTypes, head: string): string {
  const classes = [SYNC, ASYNC].flatMap((flavour) => printClass(group, flavour));
  const body = classes.join("\n").replaceAll(/"""[^]*?"""/g, "");
  const known = [...types.models.keys(), ...types.aliases.map(({ name }) => name)].sort();
  const used = (names: readonly string[]) => names.filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  const models = used(known);
  const typing = used(["Any", "AsyncIterator", "Iterator", "Literal"]);
  const lines = [
    head,
    ...docstring(toSentence(group.description), 0),
    "",
    "from __future__ import annotations",
    ...(typing.length > 0 ? ["", `from typing import ${typing.join(", ")}`] : []),
    ...(used(["Headers"]).length > 0 ? ["", "from httpx import Headers"] : []),
    "",
    `from .._call import ${used(["Call", "Content"]).join(", ")}`,
    "from .._transport import AsyncTransport, Transport",
    ...(used(["Download"]).length > 0 ? ["from ..download import AsyncDownload, Download"] : []),
    ...(models.length > 0 ? bracketed("from .models import (", models, "", 0).map(withoutBrackets) : []),
    ...classes,
  ];
  return `${lines.join("\n")}\n`;
}

/** The module that puts the groups together: a client's attributes. */
export function printGroups(groups: readonly CallGroup[], head: string): string {
  const imports = groups.map((group) => {
    const name = classOf(group);
    return `from .${moduleOf(group)} import Async${name}, ${name}`;
  });
  const classes = [SYNC, ASYNC].flatMap(({ prefix }) => [
    "",
    "",
    `class ${prefix}Api:`,
    `    """All operations, by what they are about."""`,
    "",
    `    def __init__(self, transport: ${prefix}Transport) -> None:`,
    ...groups.flatMap((group) => [
      `        self.${moduleOf(group)} = ${prefix}${classOf(group)}(transport)`,
      ...docstring(toSentence(group.description), 8),
    ]),
  ]);
  const lines = [
    head,
    '"""The groups of operations."""',
    "",
    "from __future__ import annotations",
    "",
    "from .._transport import AsyncTransport, Transport",
    ...imports.sort(),
    ...classes,
  ];
  return `${lines.join("\n")}\n`;
}

function printClass(group: CallGroup, flavour: Flavour): string[] {
  return [
    "",
    "",
    `class ${flavour.prefix}${classOf(group)}:`,
    ...docstring(toSentence(group.description), 4),
    "",
    `    def __init__(self, transport: ${flavour.prefix}Transport) -> None:`,
    "        self._transport = transport",
    ...group.calls.flatMap((call) => [
      ...printMethod(call, flavour),
      ...(call.pages ? printIterator(call, call.pages, flavour) : []),
    ]),
  ];
}

function printMethod(call: Call, { isAsync, prefix }: Flavour): string[] {
  const isDownload = call.result.kind === "download";
  const awaits = isAsync && !isDownload;
  const type = isDownload ? `${prefix}Download` : call.result.type;
  const text = isDownload ? `${call.text}\n\nNothing is sent before the download is read.` : call.text;
  return [
    "",
    ...bracketed(`${awaits ? "async " : ""}def ${call.name}(`, signature(call.arguments, call), ` -> ${type}:`, 4),
    ...docstring(text + argumentsText(call.arguments), 8),
    ...printSending(`return ${awaits ? "await " : ""}self._transport.${call.result.kind}(`, call, call.arguments, []),
  ];
}

/** A method that goes through all pages of a list. */
function printIterator(call: Call, pages: Pages, { isAsync }: Flavour): string[] {
  const own = call.arguments.filter(({ sentAs }) => sentAs !== pages.by);
  const name = call.name.replace(/^list_/, "iter_");
  const type = `${isAsync ? "AsyncIterator" : "Iterator"}[${pages.rowType}]`;
  const text = `All that \`${call.name}\` lists, page by page; \`limit\` is how many come with each.`;
  const rest = [`rows=${pages.rows === null ? "None" : quote(pages.rows)}`, `by=${quote(pages.by)}`];
  return [
    "",
    ...bracketed(`def ${name}(`, signature(own, call), ` -> ${type}:`, 4),
    ...docstring(text, 8),
    ...printSending("return self._transport.pages(", call, own, rest),
  ];
}

const isPositional = (argument: Argument): boolean => argument.place === "path" && argument.isRequired;

/** The parameters of a method: what the path names, the body, and by name all that may be left out. */
function signature(args: readonly Argument[], { body }: Call): string[] {
  const named = args.filter((arg) => !isPositional(arg));
  const [mandatory, optional] = [named.filter((arg) => arg.isRequired), named.filter((arg) => !arg.isRequired)];
  const bodies: string[] = [];
  if (body) bodies.push(`${bodyName(body)}: ${body.type}${body.isRequired ? "" : " | None = None"}`);
  const names = [
    ...mandatory.map(({ name, type }) => `${name}: ${type}`),
    ...optional.map(({ name, type }) => `${name}: ${type} | None = None`),
  ];
  return [
    "self",
    ...args.filter(isPositional).map(({ name, type }) => `${name}: ${type}`),
    ...bodies,
    ...(names.length > 0 ? ["*", ...names] : []),
  ];
}

const bodyName = ({ kind }: { kind: string }): string => (kind === "json" ? "body" : "content");

function argumentsText(args: readonly Argument[]): string {
  const told = args.filter(({ description, isSetting, place }) => description && !isSetting && place !== "path");
  return told.map(({ name, description }) => `\n\n\`${name}\`: ${toSentence(description)}`).join("");
}

function printSending(head: string, call: Call, args: readonly Argument[], rest: string[]): string[] {
  const parts = [quote(call.httpMethod), quote(call.path)];
  for (const place of ["path", "query", "headers"] as const) {
    const entries = args.filter((arg) => arg.place === place).map((arg) => `${quote(arg.sentAs)}: ${arg.name}`);
    if (entries.length > 0) parts.push(bracketed(`${place}={`, entries, "", 16).join("\n").trimStart());
  }
  if (call.takesIdempotencyKey) parts.push("takes_idempotency_key=True");
  if (call.body?.kind === "json") parts.push("json=body");
  if (call.body?.kind === "content") parts.push("content=content", `content_type=${quote(call.body.mediaType)}`);
  return [
    `        ${head}`,
    `            Call(`,
    ...parts.map((part) => `                ${part},`),
    "            ),",
    ...rest.map((part) => `            ${part},`),
    "        )",
  ];
}
