const ISO_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)? ?(?:[Zz]|([+-]\d{2}):?(\d{2})?)?)?$/;

/**
 * Microseconds since 1970 of an ISO 8601 date or date with time, in UTC where it names no offset; undefined for what is
 * none. Finer than `Date`, because timestamps of entries are compared at the precision that agents write them in.
 */
export function parseIsoTime(text: string): number | undefined {
  const [matched, day, minute = "00:00", second = "00", fraction = "", hours = "+00", minutes = "00"] =
    ISO_TIME.exec(text.trim()) ?? [];
  if (matched === undefined) return undefined;
  const milliseconds = Date.parse(`${day}T${minute}:${second}${hours}:${minutes}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return milliseconds * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}
