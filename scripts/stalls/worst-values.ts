/** Values that cost a server more than their size says: each stands in for one field of a request. */

/** A kind of value, made as large as `bytes` of JSON. */
export interface WorstValue {
  title: string;
  make: (this: void, bytes: number) => unknown;
}

/** Levels of nesting, above what a recursive reader without a bound survives. */
const DEPTH = 20_000;

export const WORST_VALUES: readonly WorstValue[] = [
  { title: "one long text", make: (bytes) => "a".repeat(bytes) },
  { title: "a text that backtracks", make: (bytes) => `${"a".repeat(bytes - 1)}!` },
  { title: "many small numbers", make: (bytes) => Array.from({ length: Math.floor(bytes / 8) }, (_, n) => n) },
  { title: "many empty objects", make: (bytes) => Array.from({ length: Math.floor(bytes / 3) }, () => ({})) },
  {
    title: "many keys",
    make: (bytes) => Object.fromEntries(Array.from({ length: Math.floor(bytes / 14) }, (_, n) => [`k${n}`, n])),
  },
  { title: "deep nesting", make: (bytes) => nest(Math.min(DEPTH, Math.floor(bytes / 2))) },
];

/** `depth` arrays in each other, as JSON text: `JSON.stringify` itself would run out of stack. */
class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

function nest(depth: number): RawJson {
  return new RawJson("[".repeat(depth) + "]".repeat(depth));
}

/** The JSON of an object whose fields may be what `WORST_VALUES` makes. */
export function writeObject(fields: Record<string, unknown>): string {
  const members = Object.entries(fields).map(([name, value]) => {
    const text = value instanceof RawJson ? value.text : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return `{${members.join(",")}}`;
}
