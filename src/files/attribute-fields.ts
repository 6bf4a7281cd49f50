import { z } from "@hono/zod-openapi";
import type { FileAttribute } from "../db/agent-schema.ts";

const DATA_TYPES = ["text", "date", "number", "boolean", "link"] as const;

/** Characters of a name and of a value, and attributes in one request. */
const NAME_MAX_LENGTH = 255;
const VALUE_MAX_LENGTH = 2_000;
const REQUEST_MAX = 100;

const DATE = z.union([z.iso.date(), z.iso.datetime({ offset: true, local: true })]);
const NUMBER = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/** What values of each type are, beside text. */
const CHECKS: Record<FileAttribute["data_type"], { holds: (value: string) => boolean; what: string }> = {
  text: { holds: () => true, what: "text" },
  date: { holds: (value) => DATE.safeParse(value).success, what: "an ISO 8601 date" },
  number: { holds: (value) => NUMBER.test(value) && Number.isFinite(Number(value)), what: "a decimal number" },
  boolean: { holds: (value) => value === "true" || value === "false", what: "true or false" },
  link: { holds: (value) => /^https?:/i.test(value) && URL.canParse(value), what: "an http or https URL" },
};

/** What is wrong with an attribute's value, or undefined. */
export function findValueProblem({ data_type, value }: FileAttribute): string | undefined {
  const { holds, what } = CHECKS[data_type];
  return holds(value) ? undefined : `The value is not ${what}`;
}

/** An attribute whose value is text, whatever it is to mean. */
export const attribute = z
  .object({
    name: z.string().trim().min(1).max(NAME_MAX_LENGTH),
    data_type: z.enum(DATA_TYPES),
    value: z.string().max(VALUE_MAX_LENGTH),
  })
  .openapi("FileAttribute");

/** Attributes of a request; of several with one name the last counts. */
export function attributeList(item: z.ZodType<FileAttribute>) {
  return z
    .array(item)
    .max(REQUEST_MAX)
    .transform((list) => [...new Map(list.map((each) => [each.name, each])).values()]);
}

/** An attribute whose value has its type's form. */
export const typedAttribute = attribute.superRefine((sent, context) => {
  const problem = findValueProblem(sent);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem, path: ["value"] });
});
