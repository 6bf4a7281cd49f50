/** For every operation of the document that takes a body: the worst bodies that its fields let one make. */
import { z } from "zod";
import type { Attack } from "./attacks.ts";
import type { Subjects } from "./subjects.ts";
import { WORST_VALUES, writeObject } from "./worst-values.ts";

const media = z.object({
  example: z.unknown().optional(),
  examples: z.record(z.string(), z.object({ value: z.unknown() })).optional(),
});
const parameter = z.object({
  name: z.string(),
  in: z.string(),
  example: z.union([z.string(), z.number()]).optional().catch(undefined),
  schema: z.object({ example: z.union([z.string(), z.number()]).optional().catch(undefined) }).optional(),
});
const documentedOperation = z.object({
  operationId: z.string(),
  parameters: z.array(parameter).optional(),
  requestBody: z.object({ content: z.record(z.string(), media) }).optional(),
});
export const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), documentedOperation)),
});

type Operation = z.output<typeof documentedOperation>;

/** Bytes of a worst body: first what the largest limits of JSON let through, then what most do (src/config.ts). */
const SIZES = [19_000_000, 900_000];
/** Bytes of a text in the uploads that take most. */
const LONGEST_TEXT = 44_000_000;
const ENDING = new Set(["delete", "get", "head"]);

/** What would end what others act on: it is sent nothing. */
const LEFT_OUT = new Set(["deleteEnvironment"]);

export function* worstRequests(document: z.output<typeof documentSchema>, subjects: Subjects): Generator<Attack> {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (ENDING.has(method) || LEFT_OUT.has(operation.operationId)) continue;
      const at = { method: method.toUpperCase(), path: fillPath(path, operation, subjects) };
      const headers = { "X-Environment-Token": subjects.environmentToken };
      for (const { title, size, body } of bodiesOf(operation)) {
        const kind = `${operation.operationId} ${size}`;
        yield { ...at, headers, title: `${operation.operationId}: ${title}, ${size / 1e6} MB`, body, kind };
      }
    }
  }
}

function* bodiesOf({ requestBody }: Operation): Generator<{ title: string; size: number; body: Attack["body"] }> {
  const json = requestBody?.content["application/json"];
  if (requestBody && !json) {
    for (const size of [LONGEST_TEXT, ...SIZES]) yield { title: "bytes", size, body: () => new Uint8Array(size) };
  }
  if (!json) return;
  const example = z
    .record(z.string(), z.unknown())
    .catch({})
    .parse(json.example ?? Object.values(json.examples ?? {})[0]?.value);
  const longest = () => writeObject({ ...example, unknown_field: "a".repeat(LONGEST_TEXT) });
  yield { title: "unknown_field is one long text", size: LONGEST_TEXT, body: longest };
  for (const field of [...Object.keys(example), "unknown_field"]) {
    for (const { title, make } of WORST_VALUES) {
      for (const size of SIZES) {
        const body = () => writeObject({ ...example, [field]: make(size) });
        yield { title: `${field} is ${title}`, size, body };
      }
    }
  }
}

function fillPath(path: string, operation: Operation, { parameters }: Subjects): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const described = operation.parameters?.find((one) => one.in === "path" && one.name === name);
    const value = parameters[name] ?? described?.example ?? described?.schema?.example ?? "unknown";
    return encodeURIComponent(String(value));
  });
}
