import type { Entry, Kind, Level } from "./entry.ts";

/** Which entries are shown. Empty lists and texts leave nothing out. */
export interface Filter {
  /** In any case of letters; found in what an entry says and in its JSON. */
  text: string;
  kind: Kind | "";
  level: Level | "";
}

export const NO_FILTER: Filter = { text: "", kind: "", level: "" };

export function isFiltering({ text, kind, level }: Filter): boolean {
  return text !== "" || kind !== "" || level !== "";
}

/** Whether an entry, or the first chunk of a message, fits. */
export function fits({ kind, level, text, raw }: Entry, filter: Filter): boolean {
  if (filter.kind !== "" && kind !== filter.kind) return false;
  if (filter.level !== "" && level !== filter.level) return false;
  if (filter.text === "") return true;
  const wanted = filter.text.toLowerCase();
  return text.toLowerCase().includes(wanted) || JSON.stringify(raw).toLowerCase().includes(wanted);
}
