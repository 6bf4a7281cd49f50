import { componentOf, type OpenApiDocument, type Operation, type Parameter, type Schema } from "./read-document.ts";
import { classCase, snakeCase, toSentence } from "./python-text.ts";
import type { PythonTypes } from "./python-types.ts";

/** Parameters that are the same for most calls of a client: those of its settings count where a call names none. */
const SETTINGS = new Set(["org", "ws", "project_id"]);

/** Where an argument goes. */
export interface Argument {
  /** In Python. */
  name: string;
  /** In the request. */
  sentAs: string;
  place: "path" | "query" | "headers";
  type: string;
  isRequired: boolean;
  /** Whether the client's settings may have it. */
  isSetting: boolean;
  description: string;
}

/** What is sent as the body. */
export interface Body {
  kind: "json" | "content";
  type: string;
  mediaType: string;
  isRequired: boolean;
}

/** What a call answers with: a JSON value, bytes to be read as they come, headers alone, or nothing. */
export interface Result {
  kind: "json" | "download" | "headers" | "nothing";
  type: string;
}

/** How the rows of a list are got page by page: the field that has them, none where the answer is the list itself. */
export interface Pages {
  by: "page" | "offset" | "cursor";
  rows: string | null;
  rowType: string;
}

/** An operation as a method. */
export interface Call {
  name: string;
  httpMethod: string;
  path: string;
  text: string;
  arguments: Argument[];
  body: Body | null;
  result: Result;
  pages: Pages | null;
  takesIdempotencyKey: boolean;
}

/** Operations of one tag. */
export interface CallGroup {
  name: string;
  description: string;
  calls: Call[];
}

/** The document's operations by tag. */
export function readCalls(document: OpenApiDocument, types: PythonTypes): CallGroup[] {
  const groups = document.tags.map(({ name, description }) => ({ name, description, calls: new Array<Call>() }));
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const group = groups.find(({ name }) => name === operation.tags[0]);
      if (!group) throw new Error(`${operation.operationId} has an unknown tag`);
      group.calls.push(readCall(path, method.toUpperCase(), operation, types));
    }
  }
  return groups.filter(({ calls }) => calls.length > 0);
}

function readCall(path: string, httpMethod: string, operation: Operation, types: PythonTypes): Call {
  const name = classCase(operation.operationId);
  const result = readResult(operation, name, types);
  return {
    name: snakeCase(operation.operationId),
    httpMethod,
    path,
    text: textOf(operation),
    arguments: operation.parameters
      .filter((parameter) => !isOtherSpelling(parameter, operation.parameters))
      .map((parameter) => readArgument(parameter, path, types)),
    body: readBody(operation, name, types),
    result,
    pages: readPages(operation, types),
    takesIdempotencyKey: operation.parameters.some((parameter) => parameter.name === "idempotency-key"),
  };
}

function textOf(operation: Operation): string {
  const scope = operation["x-required-scope"];
  const needs = scope && scope !== "any" ? `Needs the scope \`${scope}\`.` : "";
  return [toSentence(operation.summary), operation.description ?? "", needs].filter(Boolean).join("\n\n");
}

/** `tags[]` beside `tags`. */
function isOtherSpelling({ name }: Parameter, all: readonly Parameter[]): boolean {
  return name.endsWith("[]") && all.some((other) => `${other.name}[]` === name);
}

function readArgument(parameter: Parameter, path: string, types: PythonTypes): Argument {
  const { name } = parameter;
  const isPath = parameter.in === "path";
  // What a path ends with is what the call is about, and is always said.
  const isSetting = isPath && SETTINGS.has(name) && !path.endsWith(`{${name}}`);
  const type = types.typeOf(parameter.schema, classCase(name), true);
  return {
    name: snakeCase(name.replace(/^X-/, "")),
    sentAs: name,
    place: parameter.in === "header" ? "headers" : parameter.in,
    type: name === "project_id" ? "str | int" : type,
    isRequired: isPath ? !isSetting : parameter.required === true,
    isSetting,
    description: parameter.description ?? parameter.schema.description ?? "",
  };
}

function readBody({ requestBody }: Operation, name: string, types: PythonTypes): Body | null {
  const [mediaType, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  if (!requestBody || !mediaType) return null;
  const isRequired = requestBody.required === true;
  if (mediaType !== "application/json") return { kind: "content", type: "Content", mediaType, isRequired };
  return { kind: "json", type: types.typeOf(media?.schema ?? {}, `${name}Body`, true), mediaType, isRequired };
}

function readResult(operation: Operation, name: string, types: PythonTypes): Result {
  const answers = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
  const media = answers.flatMap(([, { content }]) => Object.entries(content ?? {}));
  // Of an execution both JSON and server-sent events are to be had: JSON is what comes unless `Accept` says otherwise.
  const asked = media.filter(([type]) => type !== "text/event-stream");
  const isJson = asked.length > 0 && asked.every(([type]) => type === "application/json");
  if (isJson) {
    const all = asked.map(([, { schema }]) => types.typeOf(schema ?? {}, `${name}Response`, true));
    return { kind: "json", type: [...new Set(all)].join(" | ") };
  }
  const isRedirect = answers.length === 0 && "302" in operation.responses;
  if (asked.length > 0 || isRedirect) return { kind: "download", type: "Download" };
  const hasHeaders = answers.some(([, { headers }]) => Object.keys(headers ?? {}).length > 0);
  return hasHeaders ? { kind: "headers", type: "Headers" } : { kind: "nothing", type: "None" };
}

/** How all rows of a list are got, as docs/http.md describes its families' pages. */
function readPages(operation: Operation, types: PythonTypes): Pages | null {
  const parameters = new Set(operation.parameters.map(({ name }) => name));
  const schema = operation.responses["200"]?.content?.["application/json"]?.schema;
  if (!operation.operationId.startsWith("list") || !schema || !parameters.has("limit")) return null;
  const answer = types.resolve(schema);
  const name = schema.$ref === undefined ? classCase(operation.operationId) : componentOf(schema.$ref);
  const rowsOf = (rows: string | null, list: Schema, by: Pages["by"]): Pages => ({
    by,
    rows,
    rowType: types.typeOf(list.items ?? {}, `${name}${classCase(rows ?? "")}Item`, true),
  });
  if (answer.type === "array") return parameters.has("page") ? rowsOf(null, answer, "page") : null;
  const fields = answer.properties ?? {};
  const [first] = Object.entries(fields).filter(([, field]) => field.type === "array");
  if (!first) return null;
  const [rows, list] = first;
  if (parameters.has("page") && "has_next" in fields) return rowsOf(rows, list, "page");
  if (parameters.has("offset") && "next" in fields) return rowsOf(rows, list, "offset");
  return parameters.has("cursor") && "next_cursor" in fields ? rowsOf(rows, list, "cursor") : null;
}
