import { z } from "zod";

/**
 * The `verification` block of task.yaml (contract A5). `pass_threshold` and `timeouts_may_pass` are ours (evaluations 2, the
 * table of ends).
 */

const METHODS = ["flag", "script", "outcome_judge", "script_and_judge", "flag_and_judge"] as const;
type Method = (typeof METHODS)[number];

/** Fields that each method needs; the other ones of these are conflicts. */
const FIELDS_OF: Record<Method, { flag: boolean; script: boolean; judge: boolean }> = {
  flag: { flag: true, script: false, judge: false },
  script: { flag: false, script: true, judge: false },
  outcome_judge: { flag: false, script: false, judge: true },
  script_and_judge: { flag: false, script: true, judge: true },
  flag_and_judge: { flag: true, script: false, judge: true },
};

/** Hex digits of each algorithm that a flag's hash may name. */
const HASH_DIGITS: Record<string, number> = { sha256: 64, sha512: 128, sha1: 40, md5: 32 };

/** Seconds that a verification may take unless task.yaml says otherwise. */
const DEFAULT_TIMEOUT = 30;

const text = z.string().min(1, "must not be empty");

const judge = z.strictObject({
  kind: z.literal("trajectory").default("trajectory"),
  model: text,
  rubric: text.optional(),
  max_steps: z.int().min(1).max(500).default(50),
  system_prompt: z.string().optional(),
  model_params: z.record(z.string(), z.unknown()).optional(),
  task_context: z.unknown().optional(),
});

const block = z.object({
  method: z.enum(METHODS, { error: `must be one of ${METHODS.join(", ")}` }).optional(),
  timeout: z.int().positive().optional(),
  script: text.optional(),
  where: z.enum(["environment", "agent"], { error: "must be environment or agent" }).optional(),
  path: text.optional(),
  submission_path: text.optional(),
  value: z.string("must be a string: put it in quotes").min(1, "must not be empty").optional(),
  hash: z.string().optional(),
  flag_hash: z.string().optional(),
  judge: judge.optional(),
  pass_threshold: z.number().optional(),
  timeouts_may_pass: z.boolean().optional(),
});

type Block = z.output<typeof block>;

/** A verification as it is stored and shown: the method spelled out, aliases resolved, defaults filled in. */
export interface Verification {
  method: Method;
  timeout: number;
  script?: string;
  where?: "environment" | "agent";
  path?: string;
  value?: string;
  hash?: string;
  judge?: Record<string, unknown>;
  /** The reward from which on it passes; 1 where it is left out. */
  pass_threshold?: number;
  /** Whether it passes with a reward that is enough though the agent's time was up. */
  timeouts_may_pass?: boolean;
}

/** Reads `verification`; its issues carry `params.type` where they are rules of ours. */
export const verificationBlock = block.transform((raw, context): Verification => {
  const refuse = (path: string[], type: string, message: string) =>
    context.addIssue({ code: "custom", path, message, params: { type } });
  const path = resolveAlias(raw, "path", "submission_path", refuse);
  const hash = resolveAlias(raw, "hash", "flag_hash", refuse);
  const given = {
    flag: path !== undefined || raw.value !== undefined || hash !== undefined,
    script: raw.script !== undefined,
    judge: raw.judge !== undefined,
  };
  const method = raw.method ?? inferMethod(given);
  if (method === undefined) {
    refuse(["method"], "method_missing", `is missing: set it to one of ${METHODS.join(", ")}.`);
    return z.NEVER;
  }
  const needs = FIELDS_OF[method];
  refuseConflicts(raw, { path, hash }, method, refuse);
  if (needs.script && raw.script === undefined)
    refuse(["script"], "field_missing", `is missing: ${method} needs a script.`);
  if (needs.judge && raw.judge === undefined)
    refuse(["judge"], "field_missing", `is missing: ${method} needs a judge.`);
  if (method === "outcome_judge" && raw.judge !== undefined && raw.judge.rubric === undefined) {
    refuse(["judge", "rubric"], "field_missing", "is missing: outcome_judge needs a rubric.");
  }
  if (needs.flag) checkFlag(raw.value, hash, path, method, refuse);
  return {
    method,
    timeout: raw.timeout ?? DEFAULT_TIMEOUT,
    ...(needs.script && raw.script !== undefined && { script: raw.script, where: raw.where ?? "environment" }),
    ...(path !== undefined && { path }),
    ...(raw.value !== undefined && { value: raw.value }),
    ...(hash !== undefined && { hash: normalizeHash(hash) ?? hash }),
    ...(raw.judge !== undefined && { judge: raw.judge }),
    ...passRules(raw),
  };
});

/** When a task passes, as far as it says. */
export function passRules({
  pass_threshold,
  timeouts_may_pass,
}: {
  pass_threshold?: number | undefined;
  timeouts_may_pass?: boolean | undefined;
}): Pick<Verification, "pass_threshold" | "timeouts_may_pass"> {
  return {
    ...(pass_threshold !== undefined && { pass_threshold }),
    ...(timeouts_may_pass !== undefined && { timeouts_may_pass }),
  };
}

type Refuse = (path: string[], type: string, message: string) => void;

function resolveAlias(raw: Block, name: "path" | "hash", alias: "submission_path" | "flag_hash", refuse: Refuse) {
  if (raw[name] !== undefined && raw[alias] !== undefined)
    refuse([alias], "conflict", `is another name of ${name}: set one of them.`);
  return raw[name] ?? raw[alias];
}

function inferMethod({ flag, script, judge }: Record<"flag" | "script" | "judge", boolean>): Method | undefined {
  if (script && judge) return "script_and_judge";
  if (judge && flag) return "flag_and_judge";
  if (judge) return "outcome_judge";
  return script ? "script" : undefined;
}

function refuseConflicts(
  raw: Block,
  { path, hash }: { path: string | undefined; hash: string | undefined },
  method: Method,
  refuse: Refuse,
): void {
  const needs = FIELDS_OF[method];
  const unwanted: [string, unknown, boolean][] = [
    ["script", raw.script, needs.script],
    ["judge", raw.judge, needs.judge],
    ["path", path, needs.flag],
    ["value", raw.value, needs.flag],
    ["hash", hash, needs.flag],
  ];
  for (const [field, value, wanted] of unwanted) {
    if (value !== undefined && !wanted) refuse([field], "conflict", `does not go with method ${method}.`);
  }
}

function checkFlag(
  value: string | undefined,
  hash: string | undefined,
  path: string | undefined,
  method: Method,
  refuse: Refuse,
): void {
  if (path === undefined)
    refuse(["path"], "field_missing", `is missing: ${method} needs the file that the agent writes.`);
  if (value === undefined && hash === undefined)
    refuse(["value"], "field_missing", `is missing: ${method} needs value or hash.`);
  if (value !== undefined && hash !== undefined)
    refuse(["hash"], "conflict", "and value exclude each other: set one of them.");
  if (hash !== undefined && normalizeHash(hash) === undefined) {
    const algorithms = Object.keys(HASH_DIGITS).join(", ");
    refuse(["hash"], "hash_format", `must be ALGORITHM:HEX with one of ${algorithms}, or 64 hex digits for sha256.`);
  }
}

/** `algorithm:hex` in lower case; undefined when it is no such hash. */
function normalizeHash(hash: string): string | undefined {
  const [, algorithm = "sha256", digits = ""] = /^(?:([a-z0-9]+):)?([0-9a-f]+)$/.exec(hash.trim().toLowerCase()) ?? [];
  return digits.length === HASH_DIGITS[algorithm] ? `${algorithm}:${digits}` : undefined;
}
