import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { streams } from "../../db/stream-schema.ts";
import type { StreamRecord } from "./stream-record.ts";

/** The row of a stream that there is, or of a name under which there is none any more. */
export interface ProjectedStream extends StreamRecord {
  closed: boolean;
}

/** Makes D1 show a stream as its object has it. Safe to repeat; what the name had before goes. */
export async function projectStream(db: Database, stream: ProjectedStream): Promise<void> {
  const { owner, isRemoved, closed } = stream;
  const named = and(
    eq(streams.organizationId, owner.organizationId),
    eq(streams.projectNumber, owner.projectNumber),
    eq(streams.name, owner.name),
  );
  const clear = db.delete(streams).where(named);
  if (isRemoved) {
    await clear;
    return;
  }
  const { id, contentType, ttlSeconds, expiresAt, createdAt } = stream;
  const row = {
    ...owner,
    id,
    contentType,
    ttlSeconds,
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
    closed,
    createdAt: new Date(createdAt),
  };
  await db.batch([clear, db.insert(streams).values(row)]);
}
