import { Lexer, parseDocument } from "yaml";

/** Aliases that one document may resolve: plenty for people, far from the "billion laughs". */
const MAX_ALIASES = 100;

/** Levels of a document: people need a handful, and SQLite reads no JSON of more than 1,000. */
const MAX_LEVELS = 100;

/**
 * Tokens of one document: a hand-written file has hundreds, and a text of any length is one. The parser's time grows
 * with the square of the keys and aliases; up to here it stays within fractions of a second.
 */
const MAX_TOKENS = 20_000;

/** A document's value, or what its author has to mend. */
export type ParsedYaml = { ok: true; value: unknown } | { ok: false; message: string };

/**
 * Parses one YAML 1.2 document of the core schema, with `<<` merges as compose files use them. Tags of its own, several
 * documents, duplicate keys, alias bombs and deep nesting are refused. A key without a value (`tags:`) counts as absent.
 */
export function parseYaml(text: string): ParsedYaml {
  if (hasTooManyTokens(text)) return { ok: false, message: `has more than ${MAX_TOKENS} tokens of YAML. Shorten it.` };
  try {
    const document = parseDocument(text, { schema: "core", merge: true, uniqueKeys: true });
    const [problem] = [...document.errors, ...document.warnings];
    if (problem) return refuse(problem.message.split("\n", 1)[0] ?? problem.code);
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { ok: true, value: withoutNulls(value, 1) };
  } catch (error) {
    // The library throws for too many aliases and for aliases that nothing defines.
    if (error instanceof ReferenceError) return refuse(error.message);
    if (error instanceof RangeError) return refuse("it is nested too deeply");
    throw error;
  }
}

function hasTooManyTokens(text: string): boolean {
  const tokens = new Lexer().lex(text);
  for (let count = 0; count <= MAX_TOKENS; count += 1) if (tokens.next().done === true) return false;
  return true;
}

function refuse(reason: string): ParsedYaml {
  return { ok: false, message: `is not valid YAML: ${reason.replace(/[.:]$/, "")}.` };
}

/** `level` counts lists and mappings from the outside; a RangeError ends what goes too deep. */
function withoutNulls(value: unknown, level: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (level > MAX_LEVELS) throw new RangeError(`more than ${MAX_LEVELS} levels`);
  if (Array.isArray(value)) return value.map((inner) => withoutNulls(inner, level + 1));
  const present = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(present.map(([key, inner]) => [key, withoutNulls(inner, level + 1)]));
}

/** A YAML mapping; undefined for anything else. */
export function asMapping(value: unknown): Record<string, unknown> | undefined {
  return isMapping(value) ? value : undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
