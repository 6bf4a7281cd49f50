import { z } from "@hono/zod-openapi";
import { distance } from "fastest-levenshtein";

/** How far a name may be from the one that was meant, in characters inserted, left out or exchanged. */
const MAX_DISTANCE = 2;
/** Characters of an unknown name that are repeated in an answer. */
const SHOWN_LENGTH = 100;
/** Unknown names that are told of in one answer. */
const MAX_NAMED = 20;

/** Spellings of one name: `expiresAt`, `expires_at`, `Expires-At`. */
const bare = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** The known name that an unknown one is close to: another spelling of it, or a slip of the keyboard. */
function meantBy(name: string, known: readonly string[]): string | undefined {
  if (name.length > SHOWN_LENGTH) return undefined;
  const wanted = bare(name);
  const ranked = known
    .map((candidate) => ({ candidate, far: distance(wanted, bare(candidate)) }))
    .filter(({ candidate, far }) => far <= Math.min(MAX_DISTANCE, Math.floor(bare(candidate).length / 3)));
  return ranked.toSorted((left, right) => left.far - right.far)[0]?.candidate;
}

function describeUnknown(name: string, known: readonly string[]): string {
  const meant = meantBy(name, known);
  const shown = name.length > SHOWN_LENGTH ? `${name.slice(0, SHOWN_LENGTH)}…` : name;
  return `unknown field ${shown}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

/**
 * A body that has these fields and no others: what is unknown is refused with its name and, where one is close, the field
 * that was meant. For bodies that give rights, where a field that is not understood must not be passed over.
 */
export function closedObject<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape);
  const unknown = z.unknown().refine(() => false, {
    error: ({ path }) => describeUnknown(String(path?.at(-1)), known),
    params: { code: "unknown_field" },
  });
  // A strict object tells of all unknown names in one issue, which has no place for what was meant by each.
  return z.object(shape).catchall(unknown.openapi({ not: {} }));
}

/** What an open body has beside its known fields, in words, for the `warnings` of an answer. */
export function ignoredFields({ shape }: z.ZodObject, body: unknown): string[] {
  if (typeof body !== "object" || body === null) return [];
  const known = Object.keys(shape);
  const unknown = Object.keys(body).filter((name) => !known.includes(name));
  const named = unknown.slice(0, MAX_NAMED).map((name) => `Ignored: ${describeUnknown(name, known)}`);
  return unknown.length > MAX_NAMED ? [...named, `Ignored: ${unknown.length - MAX_NAMED} more fields`] : named;
}
