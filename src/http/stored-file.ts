import { Buffer } from "node:buffer";
import { Mime } from "mime";
import otherTypes from "mime/types/other.js";
import standardTypes from "mime/types/standard.js";
import { ApiError } from "./errors/error-table.ts";

/** Files over HTTP: conditional requests, ranges and headers (RFC 9110, 6266, 8187), for whatever store holds them. */

/** How clients keep an answer and ask for it again. */
export interface Validators {
  /** A strong validator in its quotes. */
  etag: string;
  cacheControl: string;
  /** Headers of its own, such as Repr-Digest. */
  headers?: Record<string, string>;
}

/** What is known of a file before its bytes are read. */
export interface StoredFile extends Validators {
  /** Bytes. */
  size: number;
  /** Without it the tag alone tells whether a copy is current. */
  lastModified?: Date;
  /** Its own name, without folders, by which clients save it. */
  filename?: string;
  /** Its media type; without one it is told by the name. */
  contentType?: string;
  /** How a browser takes it; to save it unless something else is said. */
  disposition?: Disposition;
}

/** To be saved, or to be shown in place. */
export type Disposition = "attachment" | "inline";

/** Bytes `offset` to `offset + length`. */
export interface FileRange {
  offset: number;
  length: number;
}

/** What to answer: the bytes to read, or undefined where the answer has no body. */
export interface PlannedAnswer {
  status: 200 | 206 | 304;
  headers: Headers;
  range: FileRange | undefined;
}

/** `.ts` is MPEG transport stream to the registry of types; in these archives it is TypeScript. */
const mime = new Mime(standardTypes, otherTypes).define({ "text/x-typescript": ["ts", "mts", "cts"] }, true);

/** Types outside `text/` that are text and UTF-8 in practice. */
const TEXT_TYPE = /^text\/|^application\/(json|toml|sql|xml|x-sh|.*\+(json|xml))$|^image\/svg\+xml$/;

/** What users upload never runs as a page of this origin, whatever its type says. */
const USER_CONTENT_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
};

/** The media type by a name's extension; `application/octet-stream` for those without a known one. */
export function contentTypeOf(filename: string): string {
  const type = mime.getType(filename) ?? "application/octet-stream";
  return TEXT_TYPE.test(type) ? `${type}; charset=utf-8` : type;
}

/** `Content-Disposition` for a file of this name, safe for any name (RFC 6266, RFC 8187). */
export function dispositionOf(filename: string, disposition: Disposition = "attachment"): string {
  const name = filename.toWellFormed();
  const ascii = name.replaceAll(/[^\x20-\x7e]|["%/\\]/g, "_");
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${disposition}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** What says how to take a file's bytes: type and name, and that they are not to be trusted. */
export function contentHeaders(file: Pick<StoredFile, "filename" | "contentType" | "disposition">): Headers {
  return new Headers({
    ...USER_CONTENT_HEADERS,
    "Content-Type": file.contentType ?? contentTypeOf(file.filename ?? ""),
    ...(file.filename !== undefined && { "Content-Disposition": dispositionOf(file.filename, file.disposition) }),
  });
}

/**
 * 304 when If-None-Match names exactly this tag: what can be answered before the bytes are looked for. Undefined when
 * they have to be.
 */
export function answerKept(request: Request, validators: Validators): Response | undefined {
  if (!listsTag(request.headers.get("if-none-match") ?? "", validators.etag)) return undefined;
  return new Response(null, { status: 304, headers: validatorHeaders(validators) });
}

/** A strong entity tag made of everything that the bytes of an answer depend on. */
export async function entityTag(...parts: unknown[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(parts)));
  return `"${Buffer.from(digest).toString("base64url")}"`;
}

/** The headers by which clients keep a copy; another key may see another answer, so a copy belongs to its key. */
export function validatorHeaders({ etag, cacheControl, headers }: Validators): Headers {
  return new Headers({ ...headers, "Cache-Control": cacheControl, ETag: etag, Vary: "Authorization, X-API-Key" });
}

/**
 * Plans the answer to a GET or HEAD of a file: 304, 206 for one satisfiable range, else 200 with all of it. A request
 * for several ranges gets the whole file. Throws `range_not_satisfiable` (416) with Content-Range.
 */
export function planAnswer(request: Request, file: StoredFile, now: Date): PlannedAnswer {
  const headers = validatorHeaders(file);
  if (file.lastModified) headers.set("Last-Modified", file.lastModified.toUTCString());
  if (isNotModified(request, file)) return { status: 304, headers, range: undefined };
  for (const [name, value] of contentHeaders(file)) headers.set(name, value);
  headers.set("Accept-Ranges", "bytes");
  const asked = rangeApplies(request, file, now) ? parseRange(request.headers.get("range"), file.size) : undefined;
  const range = asked ?? { offset: 0, length: file.size };
  headers.set("Content-Length", String(range.length));
  if (asked) headers.set("Content-Range", `bytes ${asked.offset}-${asked.offset + asked.length - 1}/${file.size}`);
  return { status: asked ? 206 : 200, headers, range: request.method === "HEAD" ? undefined : range };
}

/** Answers with a file whose bytes `open` brings; it is called only when the answer has a body. */
export async function serveFile(
  request: Request,
  file: StoredFile,
  open: (range: FileRange) => Promise<ReadableStream<Uint8Array>>,
): Promise<Response> {
  const { status, headers, range } = planAnswer(request, file, new Date());
  if (range === undefined) return new Response(null, { status, headers });
  // A stream of fixed length is what makes the runtime send Content-Length instead of chunks.
  const body = (await open(range)).pipeThrough(new FixedLengthStream(range.length));
  return new Response(body, { status, headers });
}

/** Whether the client's copy is current: by If-None-Match, else by If-Modified-Since (RFC 9110, 13.2.2). */
function isNotModified(request: Request, file: StoredFile): boolean {
  const tags = request.headers.get("if-none-match");
  if (tags !== null) return tags.trim() === "*" || listsTag(tags, file.etag);
  const since = parseDate(request.headers.get("if-modified-since"));
  return since !== undefined && file.lastModified !== undefined && wholeSeconds(file.lastModified) <= since;
}

function listsTag(header: string, etag: string): boolean {
  const tags: string[] = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag.replace(/^W\//, "") === etag);
}

/** Range is defined for GET alone, and If-Range asks for it only while the file is the one the client has a part of. */
function rangeApplies(request: Request, { etag, lastModified }: StoredFile, now: Date): boolean {
  if (request.method !== "GET") return false;
  const condition = request.headers.get("if-range")?.trim();
  if (condition === undefined) return true;
  if (condition.startsWith('"')) return condition === etag;
  // A date is a strong validator only once its second has passed (RFC 9110, 8.8.2.2).
  const date = parseDate(condition);
  if (date === undefined || !lastModified) return false;
  return date === wholeSeconds(lastModified) && now.getTime() - date >= 1000;
}

/** The one range asked for; undefined for none, for several, and for what is not a byte range. */
function parseRange(header: string | null, size: number): FileRange | undefined {
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") return suffixRange(Number(last), size);
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  if (offset >= size) throw unsatisfiable(size);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { offset, length: end - offset };
}

/** The last `length` bytes. Of an empty file they are all of it, which no Content-Range can say: 200. */
function suffixRange(length: number, size: number): FileRange | undefined {
  if (length === 0) throw unsatisfiable(size);
  if (size === 0) return undefined;
  const taken = Math.min(length, size);
  return { offset: size - taken, length: taken };
}

function unsatisfiable(size: number): ApiError {
  return new ApiError("range_not_satisfiable", `The requested range lies outside the file's ${size} bytes.`, {
    headers: { "Content-Range": `bytes */${size}` },
  });
}

function parseDate(text: string | null): number | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : time;
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000;
}
