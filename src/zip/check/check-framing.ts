import { ZipError } from "../read/zip-error.ts";
import { type LocatedDirectory, locateDirectory, TAIL_SIZE } from "../read/locate.ts";
import { readRange } from "../read/ranges.ts";
import {
  CENTRAL_SIGNATURE,
  END_SIGNATURE,
  END_SIZE,
  parseEndRecord,
  viewOf,
  ZIP64_LOCATOR_SIGNATURE,
  ZIP64_LOCATOR_SIZE,
} from "../read/records.ts";
import type { ZipSource } from "../read/source.ts";

/**
 * Finds the directory and makes sure that no reader can find another: on top of what locating refuses, no end record
 * inside the comment and no zip64 locator that the end record does not need. Throws ZipError; one read, two when the
 * archive is refused.
 */
export async function checkFraming(source: ZipSource): Promise<LocatedDirectory> {
  const located = await locateDirectory(source).catch(async (error: unknown) => {
    throw error instanceof ZipError ? await explainRefusal(source, error) : error;
  });
  const view = viewOf(located.tail);
  const endAt = located.endOffset - located.tailOffset;
  if (findSignature(view, END_SIGNATURE, endAt + 1) !== -1) {
    throw new ZipError("comment-holds-end-record", "the archive's comment contains an end record: remove the comment");
  }
  const locatorAt = endAt - ZIP64_LOCATOR_SIZE;
  if (!located.zip64 && locatorAt >= 0 && view.getUint32(locatorAt, true) === ZIP64_LOCATOR_SIGNATURE) {
    throw new ZipError(
      "zip64-disagrees",
      "a zip64 locator stands before an end record that has no zip64 record: write the archive anew",
    );
  }
  return located;
}

/** The same refusal under the name of what its writer did. */
async function explainRefusal(source: ZipSource, error: ZipError): Promise<ZipError> {
  if (error.reason !== "no-end-record" && error.reason !== "directory-misplaced") return error;
  const tailSize = Math.min(source.length, TAIL_SIZE);
  const tailOffset = source.length - tailSize;
  const view = viewOf(await readRange(source, tailOffset, tailSize));
  const endAt = findLastEndRecord(view);
  if (endAt === -1) return new ZipError("no-end-record", "this is not a zip archive, or its end was cut off");
  const end = parseEndRecord(view, endAt);
  if (error.reason === "no-end-record") {
    return endAt + END_SIZE + end.commentLength > tailSize
      ? new ZipError("truncated", "the archive's end was cut off: upload it whole")
      : new ZipError("trailing-data", "data follows the archive's end: upload the archive alone");
  }
  const other = findSignature(view, END_SIGNATURE, Math.max(0, end.directoryOffset + end.directorySize - tailOffset));
  if (other !== -1 && other < endAt) {
    return new ZipError("two-end-records", "the archive has two end records: write it anew, do not append to it");
  }
  const directoryAt = endAt - end.directorySize;
  const shifted = tailOffset + directoryAt > end.directoryOffset;
  if (shifted && directoryAt >= 0 && end.directorySize > 0 && view.getUint32(directoryAt, true) === CENTRAL_SIGNATURE) {
    return new ZipError(
      "prefix-data",
      "data stands before the archive, such as a self-extractor: upload the zip alone",
    );
  }
  return new ZipError(
    "directory-misplaced",
    "the directory does not end where the end record begins: write the archive anew",
  );
}

function findLastEndRecord(view: DataView): number {
  for (let at = view.byteLength - END_SIZE; at >= 0; at -= 1) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at;
  }
  return -1;
}

function findSignature(view: DataView, signature: number, from: number): number {
  for (let at = from; at + 4 <= view.byteLength; at += 1) {
    if (view.getUint32(at, true) === signature) return at;
  }
  return -1;
}
