import { z } from "zod";
import { longestHealthSeconds } from "../../db/harbor-settings.ts";
import { asMapping } from "../../yaml/parse-yaml.ts";

/**
 * `task.toml` of Harbor's task format (evaluations 3). Every field may be left out. Unknown ones are kept in the archive
 * and named by a warning, never refused, except that what is known has to be of its type.
 */

const MAX_SECONDS = 7 * 24 * 3_600;
/** Seconds that a healthcheck may take in all: an environment lives for an hour unless it is asked to live longer. */
const MAX_HEALTH_SECONDS = 3_600;
const MAX_RETRIES = 100;
const MAX_TEXT = 10_000;
const MAX_LABEL = 200;
const MAX_TAGS = 100;
const MAX_TAG = 100;

const text = (max: number) => z.string("must be a string").max(max, `must have at most ${max} characters`);
const seconds = (value: number) =>
  z.number("must be a number of seconds").positive("must be more than 0").max(MAX_SECONDS).default(value);
const variables = z.record(z.string(), z.string("must be a string")).default({});
const tags = z
  .array(z.union([z.string(), z.number(), z.boolean()]).transform(String).pipe(text(MAX_TAG)))
  .max(MAX_TAGS, `must have at most ${MAX_TAGS} items`)
  .default([]);
const author = z.union([text(MAX_LABEL), z.object({ name: text(MAX_LABEL), email: text(MAX_LABEL).optional() })], {
  error: "must be a name, or a table with a name",
});
const user = z
  .union([text(MAX_LABEL), z.int()])
  .transform(String)
  .optional();

const UNITS: Readonly<Record<string, number>> = { "": 1 / 1024 ** 2, K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2 };

/** `2G` or `512M`, as older files have sizes, in MiB. */
const size = z
  .string("must be a size such as 2G")
  .regex(/^\d+(?:\.\d+)?\s*[KMGT]?(?:i?B)?$/i, "must be a size such as 2G")
  .transform((spelled) => {
    const [, number = "", unit = ""] = /^([\d.]+)\s*([KMGT]?)/i.exec(spelled) ?? [];
    return Math.round(Number(number) * (UNITS[unit.toUpperCase()] ?? 1));
  })
  .optional();

const healthcheck = z
  .object({
    command: text(MAX_TEXT).min(1, "must not be empty"),
    interval_sec: seconds(5),
    timeout_sec: seconds(30),
    start_period_sec: z.number("must be a number of seconds").min(0, "must not be less than 0").default(0),
    start_interval_sec: seconds(5),
    retries: z
      .int("must be a whole number")
      .min(1, `must be from 1 to ${MAX_RETRIES}`)
      .max(MAX_RETRIES, `must be from 1 to ${MAX_RETRIES}`)
      .default(3),
  })
  .superRefine((check, context) => {
    const longest = longestHealthSeconds(check);
    if (longest <= MAX_HEALTH_SECONDS) return;
    const message = `may go on for ${Math.ceil(longest)} seconds until it has failed; at most ${MAX_HEALTH_SECONDS} are waited for`;
    context.addIssue({ code: "custom", message });
  });

const sections = {
  task: z.object({
    name: text(MAX_LABEL).optional(),
    description: text(MAX_TEXT).optional(),
    authors: z.array(author).max(MAX_TAGS).default([]),
    keywords: tags,
  }),
  metadata: z.looseObject({
    author_name: text(MAX_LABEL).optional(),
    author_email: text(MAX_LABEL).optional(),
    difficulty: text(MAX_LABEL).optional(),
    category: text(MAX_LABEL).optional(),
    tags,
    /** Ours: Harbor keeps what it does not know here, and has no key for either. */
    pass_threshold: z.number("must be a number").optional(),
    timeouts_may_pass: z.boolean("must be true or false").optional(),
  }),
  verifier: z.object({ timeout_sec: seconds(600), env: variables, user }),
  agent: z.object({ timeout_sec: seconds(600), user }),
  solution: z.object({ env: variables }),
  environment: z.object({
    build_timeout_sec: seconds(600),
    docker_image: text(MAX_LABEL).min(1, "must not be empty").optional(),
    cpus: z.number().positive().default(1),
    memory_mb: z.int().positive().optional(),
    memory: size,
    storage_mb: z.int().positive().optional(),
    storage: size,
    gpus: z.int().min(0).default(0),
    network_mode: text(MAX_LABEL).optional(),
    allow_internet: z.boolean("must be true or false").optional(),
    env: variables,
    workdir: text(MAX_LABEL).startsWith("/", "must be absolute").optional(),
    mcp_servers: z
      .array(z.object({ name: text(MAX_LABEL), transport: text(MAX_LABEL).optional(), url: text(MAX_TEXT).optional() }))
      .max(MAX_TAGS)
      .default([]),
    skills_dir: text(MAX_LABEL).optional(),
    healthcheck: healthcheck.optional(),
    os: text(MAX_LABEL).optional(),
  }),
};

/** Versions of the format that are understood, under the older and the newer name of the field. */
const VERSIONS = { version: ["1.0"], schema_version: ["1.1", "1.2", "1.3", "1.4"] } as const;

/** The whole file. */
export const harborTask = z
  .object({
    version: z.literal(VERSIONS.version, { error: `must be "1.0"` }).optional(),
    schema_version: z
      .literal(VERSIONS.schema_version, { error: `must be one of ${VERSIONS.schema_version.join(", ")}` })
      .optional(),
    task: sections.task.prefault({}),
    metadata: sections.metadata.prefault({}),
    verifier: sections.verifier.prefault({}),
    agent: sections.agent.prefault({}),
    solution: sections.solution.prefault({}),
    environment: sections.environment.prefault({}),
  })
  .refine(({ version, schema_version }) => version !== undefined || schema_version !== undefined, {
    path: ["version"],
    message: `is missing: set version = "1.0", or schema_version.`,
  });

export type HarborTask = z.output<typeof harborTask>;

/** Paths of the file's keys that nothing here knows; `metadata` may hold anything. */
export function unknownKeys(document: Readonly<Record<string, unknown>>): string[] {
  const known = new Set(Object.keys(harborTask.shape));
  const outer = Object.keys(document).filter((key) => !known.has(key));
  const inner = Object.entries(sections).flatMap(([section, { shape }]) =>
    section === "metadata" ? [] : unknownOf(document[section], shape, section),
  );
  const checked = asMapping(document["environment"])?.["healthcheck"];
  return [...outer, ...inner, ...unknownOf(checked, healthcheck.shape, "environment.healthcheck")];
}

function unknownOf(value: unknown, shape: object, place: string): string[] {
  const keys = Object.keys(asMapping(value) ?? {});
  return keys.flatMap((key) => (Object.hasOwn(shape, key) ? [] : [`${place}.${key}`]));
}
