import type { Schema } from "@cfworker/json-schema";
import { hasFormat } from "./formats.ts";
import type { Validation } from "./validate.ts";
import type { Work } from "./work-budget.ts";

/** Steps of dividing decimals, whose exponents may be 600 apart. */
const MULTIPLE_STEPS = 1_500;

/** The JSON type of a value, an integer's being `number`. */
function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

export function findTypeProblem(type: Schema["type"], value: unknown): string | undefined {
  if (type === undefined) return undefined;
  const allowed: readonly string[] = Array.isArray(type) ? type : [type];
  const own = typeOf(value);
  if (allowed.includes(own) || (allowed.includes("integer") && Number.isInteger(value))) return undefined;
  return `Instance type "${own}" is invalid. Expected "${allowed.join('", "')}".`;
}

export function findTextProblem(schema: Schema, text: string, { index, work }: Validation): string | undefined {
  const { minLength, maxLength, pattern, format } = schema;
  if (minLength !== undefined || maxLength !== undefined) {
    work.spend(text.length);
    const length = countCharacters(text);
    if (minLength !== undefined && length < minLength) return `String is too short (${length} < ${minLength}).`;
    if (maxLength !== undefined && length > maxLength) return `String is too long (${length} > ${maxLength}).`;
  }
  if (pattern !== undefined && !index.pattern(pattern).isIn(text, work)) return "String does not match pattern.";
  if (format !== undefined && !hasFormat(format, text, work)) return `String does not match format "${format}".`;
  return undefined;
}

/** In code points, as JSON Schema counts. */
function countCharacters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}

export function findNumberProblem(schema: Schema, value: number, work: Work): string | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (minimum !== undefined && value < minimum) return `${value} is less than ${minimum}.`;
  if (maximum !== undefined && value > maximum) return `${value} is greater than ${maximum}.`;
  if (typeof exclusiveMinimum === "number" && value <= exclusiveMinimum)
    return `${value} is not above ${exclusiveMinimum}.`;
  if (typeof exclusiveMaximum === "number" && value >= exclusiveMaximum)
    return `${value} is not below ${exclusiveMaximum}.`;
  if (multipleOf !== undefined) work.spend(MULTIPLE_STEPS);
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) return `${value} is not a multiple of ${multipleOf}.`;
  return undefined;
}

/** In the decimals that were written: 0.3 is a multiple of 0.1, which binary fractions deny. */
function isMultiple(value: number, divisor: number): boolean {
  const [a, b] = [toDecimal(value), toDecimal(divisor)];
  const exponent = Math.min(a.exponent, b.exponent);
  const scale = (decimal: typeof a) => decimal.digits * 10n ** BigInt(decimal.exponent - exponent);
  return scale(a) % scale(b) === 0n;
}

function toDecimal(value: number): { digits: bigint; exponent: number } {
  const [digits = "0", exponent = "0"] = value.toExponential().split("e");
  const [whole = "0", fraction = ""] = digits.split(".");
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}
