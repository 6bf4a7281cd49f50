import { streamOf } from "../../zip/read/chunks.ts";
import type { DirectoryPlace } from "../../zip/read/locate.ts";
import { type ListSummary, listRows } from "../../zip/read/listing.ts";
import type { ZipSource } from "../../zip/read/source.ts";
import { encodeCursor, type ListCursor } from "./listing-cursor.ts";

/** Which files to list, and how to speak of them. */
export interface ListingRequest {
  taskName: string;
  version: { id: string; version: string; fileCount: number };
  prefix: string;
  /** Rows at most; undefined for all that are left. */
  limit: number | undefined;
  /** Where to go on; undefined for the beginning. */
  cursor: ListCursor | undefined;
}

/**
 * The body of TaskFileListResponse (seed 000) as it is read: entries in the archive's order, without those that stand
 * for directories, in memory of constant size: at once where it is one chunk, else as a stream. `next_cursor` is there when the request spoke of pages. What is wrong
 * with the archive or the cursor's place shows, as ZipError, before this resolves or as the stream's failure.
 */
export async function openListing(
  source: ZipSource,
  place: DirectoryPlace,
  request: ListingRequest,
): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const { prefix, limit, cursor } = request;
  const rows = listRows(source, place, {
    directories: "skip",
    prefix,
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { startAt: cursor.offset }),
  });
  const first = await rows.next();
  if (first.done === true) return join([head(request), foot(request, first.value)]);
  const second = await rows.next();
  if (second.done === true) return join([head(request), first.value, foot(request, second.value)]);
  return streamOf(listingJson(request, [first.value, second.value], rows));
}

/** In one piece: where a chunk is all there is, a stream would cost more than its rows. */
function join(parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

async function* listingJson(
  request: ListingRequest,
  begun: Uint8Array[],
  rows: AsyncGenerator<Uint8Array, ListSummary, void>,
): AsyncGenerator<Uint8Array, void, void> {
  yield head(request);
  yield* begun;
  yield foot(request, yield* rows);
}

const encoder = new TextEncoder();

function head({ taskName }: ListingRequest): Uint8Array {
  return encoder.encode(`{"task_name":${JSON.stringify(taskName)},"files":[`);
}

function foot(request: ListingRequest, summary: ListSummary): Uint8Array {
  return encoder.encode(`],${describeEnd(request, summary)}}`);
}

/** What stands behind the rows, known only once they are all written. */
function describeEnd({ version, prefix, limit, cursor }: ListingRequest, { matched, nextOffset }: ListSummary): string {
  const total = cursor?.total ?? matched ?? version.fileCount;
  const totalFiles = `"total_files":${total}`;
  if (limit === undefined && cursor === undefined) return totalFiles;
  const next =
    nextOffset === undefined
      ? null
      : encodeCursor({ versionId: version.id, version: version.version, offset: nextOffset, total, prefix });
  return `${totalFiles},"next_cursor":${JSON.stringify(next)}`;
}
