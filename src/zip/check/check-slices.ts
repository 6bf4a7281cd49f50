import { type CheckedDirectory, entryOf } from "./checked-directory.ts";

/** Entries `from` to `to`, in the order of the local headers: what `checkContent` does in one step. */
export interface ContentSlice {
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts the content check into steps of bounded work: as many entries as unpack to `maxBytes` and are no more than
 * `maxEntries`; one entry that is larger alone is a step of its own.
 */
export function planSlices(directory: CheckedDirectory, maxBytes: number, maxEntries: number): ContentSlice[] {
  const slices: ContentSlice[] = [];
  let from = 0;
  let bytes = 0;
  for (let index = 0; index < directory.headerAt.length; index += 1) {
    const { size } = entryOf(directory, index).sizes;
    if (index > from && (index - from >= maxEntries || bytes + size > maxBytes)) {
      slices.push({ from, to: index });
      from = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < directory.headerAt.length) slices.push({ from, to: directory.headerAt.length });
  return slices;
}
