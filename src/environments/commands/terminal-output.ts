import type { CommandRow } from "./command-log.ts";

/** Bytes of a row at most, and of one that small pieces are joined to: a terminal writes many of them. */
const ROW_BYTES = 512 * 1024;
const JOINED_BYTES = 16 * 1024;

/**
 * Adds what a terminal shows, from `offset` of its output on, and drops what is older than its last `maxBytes`: it is one
 * stream without an end. Returns how many bytes there have been.
 */
export function appendToTerminal(
  sql: SqlStorage,
  { number, stdout_kept: kept }: CommandRow,
  { offset, bytes, maxBytes }: { offset: number; bytes: Uint8Array; maxBytes: number },
): number {
  const fresh = offset > kept ? new Uint8Array(0) : bytes.subarray(kept - offset);
  if (fresh.byteLength === 0) return kept;
  for (let at = 0; at < fresh.byteLength; at += ROW_BYTES) {
    store(sql, number, kept + at, fresh.subarray(at, at + ROW_BYTES));
  }
  const total = kept + fresh.byteLength;
  sql.exec("DELETE FROM command_output WHERE number = ? AND at + length(bytes) <= ?", number, total - maxBytes);
  sql.exec(
    `UPDATE commands SET stdout_kept = ?, stdout_total = ?,
       dropped = coalesce((SELECT min(at) FROM command_output WHERE number = ?), ?) WHERE number = ?`,
    total,
    total,
    number,
    total,
    number,
  );
  return total;
}

function store(sql: SqlStorage, number: number, at: number, bytes: Uint8Array): void {
  const [last] = sql
    .exec<{ at: number; bytes: ArrayBuffer }>(
      `SELECT at, bytes FROM command_output
       WHERE number = ? AND at = (SELECT max(at) FROM command_output WHERE number = ?) AND length(bytes) <= ?`,
      number,
      number,
      JOINED_BYTES - bytes.byteLength,
    )
    .toArray();
  const joined = new Uint8Array((last?.bytes.byteLength ?? 0) + bytes.byteLength);
  if (last) joined.set(new Uint8Array(last.bytes));
  joined.set(bytes, joined.byteLength - bytes.byteLength);
  sql.exec("INSERT OR REPLACE INTO command_output VALUES (?, ?, 'stdout', ?)", number, last?.at ?? at, joined);
}
