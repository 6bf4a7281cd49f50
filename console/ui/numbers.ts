const COUNT = new Intl.NumberFormat("en");
const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** `1,000,000`. */
export function describeCount(count: number): string {
  return COUNT.format(count);
}

/** Bytes in powers of a thousand: `1.2 MB`. */
export function describeBytes(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < UNITS.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** US dollars, with as many digits as small amounts need; what is not known is a dash. */
export function describeCost(dollars: number | null | undefined): string {
  if (dollars === null || dollars === undefined) return "–";
  if (dollars === 0) return "$0";
  return dollars < 0.01 ? `$${dollars.toFixed(4)}` : `$${dollars.toFixed(2)}`;
}

/** `one run`, `3 runs`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${describeCount(count)} ${count === 1 ? one : many}`;
}
