import { z } from "@hono/zod-openapi";

/**
 * The field kinds of agent tasks' requests, with the refusals that their clients know (agent-tasks 1.1 "Body", 1.3a):
 * texts are trimmed, numbers become text, unknown fields are ignored. Absent fields stay `undefined`.
 */

/** A refusal with its `code` of 1.3a. */
export function refuseField(context: z.RefinementCtx, code: string, message: string): never {
  context.addIssue({ code: "custom", message, params: { code } });
  return z.NEVER;
}

interface Presence {
  required?: boolean;
  nullable?: boolean;
}

type Present<P extends Presence, T> =
  | T
  | (P extends { required: true } ? never : undefined)
  | (P extends { nullable: true } ? null : never);

type Described<T, P extends Presence> = z.ZodPipe<z.ZodUnknown, z.ZodTransform<Present<P, T>>>;
type AgentField<T, P extends Presence> = P extends { required: true }
  ? Described<T, P>
  : z.ZodOptional<Described<T, P>>;

/** Handles what is absent or null, then hands the rest to `read`. */
function field<T, P extends Presence>(
  presence: P,
  document: { type: "string" | "integer" | "boolean" | "object" | "array"; [key: string]: unknown },
  read: (value: {}, context: z.RefinementCtx) => T,
): AgentField<T, P> {
  const schema = z.unknown().transform((value, context): Present<P, T> => {
    // oxlint-disable typescript/no-unsafe-type-assertion -- the conditional type says what each branch has checked
    if (value === undefined) {
      return presence.required
        ? refuseField(context, "required", "This field is required.")
        : (undefined as Present<P, T>);
    }
    if (value === null) {
      return presence.nullable ? (null as Present<P, T>) : refuseField(context, "null", "This field may not be null.");
    }
    return read(value, context);
    // oxlint-enable typescript/no-unsafe-type-assertion
  });
  const type = presence.nullable ? [document.type, "null" as const] : document.type;
  const described = schema.openapi({ ...document, type });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the conditional type says which of the two it is
  return (presence.required ? described : described.optional()) as AgentField<T, P>;
}

/** Whether a text has more characters than `max`, where one outside the basic plane counts as one, not as two. */
export function isLonger(text: string, max: number): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || Array.from(text).length > max;
}

/** Text of at most `max` characters; blank only where `blank` allows it. */
export function textField<P extends Presence & { max?: number; blank?: boolean }>(rules: P) {
  const { max = Infinity, blank = false } = rules;
  const document = { type: "string" as const, ...(max !== Infinity && { maxLength: max }) };
  return field(rules, document, (value, context): string => {
    if (typeof value !== "string" && typeof value !== "number") {
      return refuseField(context, "invalid_input", "Not a valid string.");
    }
    const text = String(value).trim();
    if (text.includes("\0")) return refuseField(context, "invalid_input", "Null characters are not allowed.");
    if (text === "" && !blank) return refuseField(context, "blank", "This field may not be blank.");
    if (isLonger(text, max)) {
      return refuseField(context, "max_length", `Ensure this field has no more than ${max} characters.`);
    }
    return text;
  });
}

/** One of `choices`. */
export function choiceField<const C extends string, P extends Presence>(
  choices: readonly C[],
  rules: P,
): AgentField<C, P> {
  return field(rules, { type: "string", enum: [...choices] }, (value, context): C => {
    const chosen = choices.find((choice) => choice === value);
    return (
      chosen ??
      refuseField(
        context,
        "invalid_choice",
        `"${typeof value === "string" ? value : JSON.stringify(value)}" is not a valid choice.`,
      )
    );
  });
}

/** A whole number, also written as text, within its bounds. */
export function integerField<P extends Presence & { min?: number; max?: number }>(rules: P) {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = rules;
  return field(rules, { type: "integer" }, (value, context): number => {
    const number = typeof value === "string" && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number)) {
      return refuseField(context, "invalid_input", "A valid integer is required.");
    }
    if (number < min) {
      return refuseField(context, "min_value", `Ensure this value is greater than or equal to ${min}.`);
    }
    if (number > max) return refuseField(context, "max_value", `Ensure this value is less than or equal to ${max}.`);
    return number;
  });
}

const TRUE = new Set<unknown>([true, 1, "true", "True", "TRUE", "1", "yes", "on", "t"]);
const FALSE = new Set<unknown>([false, 0, "false", "False", "FALSE", "0", "no", "off", "f"]);

/** A boolean, also in the spellings that query strings use. */
export function booleanField<P extends Presence>(rules: P) {
  return field(rules, { type: "boolean" }, (value, context): boolean => {
    if (TRUE.has(value)) return true;
    if (FALSE.has(value)) return false;
    return refuseField(context, "invalid_input", "Must be a valid boolean.");
  });
}

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** A UUID in its usual spelling. */
export function uuidField<P extends Presence>(rules: P) {
  return field(rules, { type: "string", format: "uuid" }, (value, context): string => {
    if (typeof value !== "string" || !UUID.test(value)) {
      return refuseField(context, "invalid_input", "Must be a valid UUID.");
    }
    return value.toLowerCase();
  });
}

/** Levels of nested JSON that are stored: far more than clients use, and what every recursive reader can follow. */
const JSON_MAX_DEPTH = 500;

/** Whether JSON is nested deeper than so many levels. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}

function refuseDeep<T>(value: T, context: z.RefinementCtx): T {
  if (!isDeeper(value, JSON_MAX_DEPTH)) return value;
  return refuseField(context, "invalid_input", `This value is nested deeper than ${JSON_MAX_DEPTH} levels.`);
}

/** A JSON object. */
export function objectField<P extends Presence>(rules: P) {
  return field(rules, { type: "object" }, (value, context): Record<string, unknown> => {
    if (typeof value !== "object" || Array.isArray(value)) {
      return refuseField(context, "not_a_dict", `Expected a dictionary of items but got type "${kindOf(value)}".`);
    }
    return refuseDeep(Object.fromEntries(Object.entries(value)), context);
  });
}

/** A list whose items are checked by `item`, at least one where `empty` says what to answer otherwise. */
export function listField<T, P extends Presence & { empty?: string; max?: number }>(
  rules: P,
  item: (value: unknown, context: z.RefinementCtx, index: number) => T,
): AgentField<T[], P> {
  return field(rules, { type: "array", items: {} }, (value, context): T[] => {
    if (!Array.isArray(value)) {
      return refuseField(context, "not_a_list", `Expected a list of items but got type "${kindOf(value)}".`);
    }
    if (value.length === 0 && rules.empty !== undefined) return refuseField(context, "invalid_input", rules.empty);
    if (rules.max !== undefined && value.length > rules.max) {
      return refuseField(context, "max_length", `Ensure this field has no more than ${rules.max} elements.`);
    }
    return value.map((entry: unknown, index) => item(entry, context, index));
  });
}

/** Any JSON value. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- P carries what may be absent into the type
export function jsonField<P extends Presence>(rules: P) {
  return field(rules, { type: "object" }, (value, context): unknown => refuseDeep(value, context));
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  const names: Record<string, string> = { string: "str", number: "int", boolean: "bool", object: "dict" };
  return names[typeof value] ?? typeof value;
}
