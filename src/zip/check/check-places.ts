import type { Problems } from "./check-problems.ts";
import { type CheckedDirectory, entryOf, nameOf } from "./checked-directory.ts";
import { LOCAL_SIZE } from "../read/records.ts";

/** Puts the entries in the order of their local headers; most archives are in it already. */
export function sortByPlace(headerAt: Uint32Array, localAt: Float64Array): void {
  const count = headerAt.length;
  let sorted = true;
  for (let index = 1; index < count && sorted; index += 1) {
    sorted = (localAt[index - 1] ?? 0) <= (localAt[index] ?? 0);
  }
  if (sorted) return;
  const order = new Uint32Array(count).map((_, index) => index);
  order.sort((left, right) => (localAt[left] ?? 0) - (localAt[right] ?? 0));
  headerAt.set(order.map((index) => headerAt[index] ?? 0));
  localAt.set(Float64Array.from(order, (index) => localAt[index] ?? 0));
}

/**
 * Whether the entries can lie end to end from the first byte to the directory, by what the directory says of them.
 * Overlapping entries are found here, before any of their data is read.
 */
export function checkPlaces(directory: CheckedDirectory, problems: Problems): void {
  if ((directory.localAt[0] ?? 0) !== 0) {
    problems.add(
      null,
      "prefix-data",
      "Data stands before the first entry, such as a self-extractor. Upload the zip alone.",
    );
  }
  for (let index = 0; index < directory.headerAt.length && !problems.full; index += 1) {
    const entry = entryOf(directory, index);
    const { header, sizes } = entry;
    if (entry.begin + LOCAL_SIZE + header.nameLength + sizes.compressedSize <= entry.end) continue;
    const name = nameOf(directory, entry);
    const outside = entry.begin >= directory.place.offset;
    if (outside) problems.add(name, "outside-archive", `${JSON.stringify(name)} lies behind the archive's data.`);
    else {
      const message = `${JSON.stringify(name)} overlaps what follows it, as zip bombs do. Write the archive anew.`;
      problems.add(name, "overlap", message);
    }
  }
}
