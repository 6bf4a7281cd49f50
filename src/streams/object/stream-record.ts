import { z } from "zod";
import type { SchemaPart } from "../../objects/object-schema.ts";

/** The one row of a stream in its object's SQLite, as JSON. */
export const STREAM_SCHEMA: SchemaPart = {
  name: "stream",
  steps: ["CREATE TABLE stream (one INTEGER PRIMARY KEY CHECK (one = 1), record TEXT NOT NULL)"],
};

/** Whose stream it is, and its name there. Its object's name is made of these. */
const streamOwner = z.object({ organizationId: z.string(), projectNumber: z.int(), name: z.string() });

export type StreamOwner = z.output<typeof streamOwner>;

/** What a stream is made with, and keeps. Of the two ends at most one is set. */
const streamSettings = z.object({
  contentType: z.string(),
  /** Seconds after the last read or write at which it is removed. */
  ttlSeconds: z.int().nullable(),
  /** When it is removed in any case, in milliseconds since 1970. */
  expiresAt: z.int().nullable(),
});

export type StreamSettings = z.output<typeof streamSettings>;

const streamRecord = streamSettings.extend({
  owner: streamOwner,
  /** Another one for each stream that is made under the name. */
  id: z.string(),
  /** Times are milliseconds since 1970. */
  createdAt: z.int(),
  /** When it was last read or written, as far as that is stored. */
  touchedAt: z.int(),
  /** The highest `Stream-Seq`. */
  lastSeq: z.string().nullable(),
  /** Whether it is removed: what is left of it goes as soon as may be. */
  isRemoved: z.boolean(),
});

export type StreamRecord = z.output<typeof streamRecord>;

/** When the stream is to be removed; undefined for one that stays. */
export function endOf({ ttlSeconds, expiresAt, touchedAt }: StreamRecord): number | undefined {
  return expiresAt ?? (ttlSeconds === null ? undefined : touchedAt + ttlSeconds * 1000);
}

/** Whether settings are the same, which a repeated creation has to be: media types by what they say. */
export function isSameStream(record: StreamRecord, other: StreamSettings, isSameType: boolean): boolean {
  return isSameType && record.ttlSeconds === other.ttlSeconds && record.expiresAt === other.expiresAt;
}

export function loadRecord(sql: SqlStorage): StreamRecord | undefined {
  const [row] = sql.exec<{ record: string }>("SELECT record FROM stream").toArray();
  return row && streamRecord.parse(JSON.parse(row.record));
}

export function saveRecord(sql: SqlStorage, record: StreamRecord): void {
  sql.exec(
    "INSERT INTO stream (one, record) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET record = excluded.record",
    JSON.stringify(record),
  );
}
