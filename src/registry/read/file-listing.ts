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
 * for directories, in memory of constant size. `next_cursor` is there when the request spoke of pages. What is wrong
 * with the archive or the cursor's place shows, as ZipError, before this resolves or as the stream's failure.
 */
export async function openListing(
  source: ZipSource,
  place: DirectoryPlace,
  request: ListingRequest,
): Promise<ReadableStream<Uint8Array>> {
  const { prefix, limit, cursor } = request;
  const rows = listRows(source, place, {
    directories: "skip",
    prefix,
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { startAt: cursor.offset }),
  });
  return streamOf(listingJson(request, rows, await rows.next()));
}

async function* listingJson(
  request: ListingRequest,
  rows: AsyncGenerator<Uint8Array, ListSummary, void>,
  first: IteratorResult<Uint8Array, ListSummary>,
): AsyncGenerator<Uint8Array, void, void> {
  const encoder = new TextEncoder();
  yield encoder.encode(`{"task_name":${JSON.stringify(request.taskName)},"files":[`);
  if (first.done !== true) yield first.value;
  const summary = first.done === true ? first.value : yield* rows;
  yield encoder.encode(`],${describeEnd(request, summary)}}`);
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
