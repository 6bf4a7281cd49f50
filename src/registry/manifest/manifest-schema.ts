import { z } from "zod";
import type { StoredProblem } from "../../db/schema.ts";
import { exactVersion, taskName } from "../registry-schemas.ts";
import { verificationBlock } from "./manifest-verification.ts";

/** Seconds that provision and teardown may take unless task.yaml says otherwise. */
const DEFAULT_SCRIPT_TIMEOUT = 120;

/** Ports that a task may name of one service. */
const MAX_PORTS = 100;

/** Model ids that a task may name. */
const MAX_MODELS = 50;

/** Tags of a task, and characters of each: they stand in every list. */
const MAX_TAGS = 100;
const MAX_TAG_LENGTH = 100;

/** Characters of a short text, as the lists' filters take them. */
const MAX_LABEL_LENGTH = 200;

/** Characters of a description: a list of 100 tasks carries as many. */
const MAX_DESCRIPTION_LENGTH = 10_000;

/** Characters of a repository's address. */
const MAX_REPOSITORY_LENGTH = 2000;

const text = z.string("must be a string");
const textOf = (max: number) => text.max(max, `must have at most ${max} characters`);
const label = textOf(MAX_LABEL_LENGTH);
const optionalLabel = label.optional();
const required = text.trim().min(1, "must not be empty");

const scriptBlock = z
  .object({ script: required, timeout: z.int().positive().optional() })
  .transform(({ script, timeout }) => ({ script, timeout: timeout ?? DEFAULT_SCRIPT_TIMEOUT }));

/** `starts_services`: it starts the services of `ports` itself, as processes of the environment. */
const provisionBlock = z
  .object({ script: required, timeout: z.int().positive().optional(), starts_services: z.boolean().optional() })
  .transform(({ script, timeout = DEFAULT_SCRIPT_TIMEOUT, starts_services: starts }) => ({
    script,
    timeout,
    ...(starts === true && { starts_services: true }),
  }));

const port = z.int().min(1).max(65_535);

const author = z
  .union([z.string(), z.object({ name: z.string() })], { error: "must be a string, or a mapping with a name" })
  .transform((author) => (typeof author === "string" ? author : author.name))
  .pipe(label);

/** The fields of task.yaml (contract A5); others are ignored. */
export const manifestFields = z.object({
  name: taskName,
  version: exactVersion,
  instruction: text.refine((instruction) => instruction.trim() !== "", "must not be empty"),
  verification: verificationBlock,
  description: textOf(MAX_DESCRIPTION_LENGTH).optional(),
  source: optionalLabel,
  solution: z.object({ script: required }).optional(),
  tags: z
    .array(z.union([z.string(), z.number(), z.boolean()]).transform(String).pipe(textOf(MAX_TAG_LENGTH)))
    .max(MAX_TAGS, `must have at most ${MAX_TAGS} items`)
    .optional(),
  difficulty: optionalLabel,
  author: author.optional(),
  author_name: optionalLabel,
  license: optionalLabel,
  repository: textOf(MAX_REPOSITORY_LENGTH).optional(),
  max_agent_timeout_sec: z.int().positive().optional(),
  ports: z.record(z.string().min(1), z.array(port).min(1).max(MAX_PORTS)).optional(),
  provision: provisionBlock.optional(),
  teardown: scriptBlock.optional(),
  models: z
    .array(z.string().regex(/^\S+$/, "must be a model id without spaces"))
    .max(MAX_MODELS)
    .refine((models) => new Set(models).size === models.length, "must not name a model twice")
    .optional(),
});

export type ManifestFields = z.output<typeof manifestFields>;

/** Where problems of task.yaml are: `["archive", "task.yaml", field…]`. */
export const MANIFEST_LOC = ["archive", "task.yaml"];

/** A problem of one field of task.yaml; `msg` continues the field's name. */
export function fieldProblem(path: (string | number)[], type: string, msg: string): StoredProblem {
  const field = path.join(".");
  return { loc: [...MANIFEST_LOC, ...path], msg: `task.yaml: ${field === "" ? "the document" : field} ${msg}`, type };
}

/** What zod found wrong, one problem per place. */
export function toFieldProblems(error: z.ZodError): StoredProblem[] {
  return error.issues.map((issue) => {
    const path = issue.path.map((key) => (typeof key === "number" ? key : String(key)));
    const type: unknown = issue.code === "custom" ? issue.params?.["type"] : undefined;
    const message = issue.message.replace(/^Invalid input: /, "is not valid: ");
    return fieldProblem(path, typeof type === "string" ? type : issue.code, message);
  });
}
