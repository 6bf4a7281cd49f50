/**
 * `Stream-Cursor` (8.1): a number that grows with time and that clients send back, so that no cache answers a live read with
 * what it answered the same client before.
 */

/** Where the count of intervals begins, and how long each is. */
const EPOCH_MS = Date.UTC(2024, 9, 9);
const INTERVAL_SECONDS = 20;

/** How far a cursor may be put ahead of one that came from the present interval, or from one to come. */
const MAX_JITTER_SECONDS = 3_600;

/** Cursors that clients may send: whole numbers that JavaScript holds exactly, far above any to come. */
const SENT = /^\d{1,15}$/;

/** The cursor of an answer at `now` (milliseconds): the present interval, but above what the client sent in any case. */
export function nextCursor(sent: string | undefined, now = Date.now()): string {
  const present = Math.floor((now - EPOCH_MS) / (INTERVAL_SECONDS * 1000));
  if (sent === undefined || !SENT.test(sent) || Number(sent) < present) return String(present);
  const jitter = 1 + Math.floor(Math.random() * (MAX_JITTER_SECONDS / INTERVAL_SECONDS));
  return String(Number(sent) + jitter);
}
