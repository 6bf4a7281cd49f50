import type { taskFiles } from "../db/agent-schema.ts";

export type FileKind = (typeof taskFiles.$inferSelect)["kind"];

/** A file as its id names it. */
export interface FileReference {
  kind: FileKind;
  number: number;
}

const FILE_ID = /^(document|attachment)_([1-9]\d{0,14})$/;
/** The page about attributes has another prefix than the page about downloads: here only the number counts. */
const ANY_FILE_ID = /^[a-z]+_([1-9]\d{0,14})$/;

/** The id of a file on the wire: what a step produced is a document, what a user uploaded an attachment. */
export function fileIdOf({ kind, number }: FileReference): string {
  return `${kind}_${number}`;
}

/** Reads `document_{n}` or `attachment_{n}`; undefined for anything else. */
export function readFileId(text: string): FileReference | undefined {
  const [, kind, number] = FILE_ID.exec(text) ?? [];
  if (number === undefined) return undefined;
  return { kind: kind === "document" ? "document" : "attachment", number: Number(number) };
}

/** The number of a file's id, whatever its prefix; undefined where there is none. */
export function readFileNumber(text: string): number | undefined {
  const number = ANY_FILE_ID.exec(text)?.[1];
  return number === undefined ? undefined : Number(number);
}
