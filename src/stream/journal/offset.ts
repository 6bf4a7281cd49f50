/**
 * Offsets: how clients name a place in a journal. To them they are opaque texts that sort; an offset names the last entry
 * that a reader has, so that reading goes on with the next one. None depends on a clock.
 */

/** Digits of an offset: as many as the largest safe integer has, so that texts sort as numbers do. */
export const OFFSET_LENGTH = 16;

const OFFSET = /^\d{16}$/;

/** The offset of a reader that has everything up to and with entry `seq`; 0 is before the first. */
export function formatOffset(seq: number): string {
  return String(seq).padStart(OFFSET_LENGTH, "0");
}

/** The sequence number that an offset names; undefined for a text that is no offset. */
export function parseOffset(text: string): number | undefined {
  if (!OFFSET.test(text)) return undefined;
  const seq = Number(text);
  return Number.isSafeInteger(seq) ? seq : undefined;
}
