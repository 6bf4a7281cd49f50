import { unzip } from "unzipit";
import { listEntries } from "../../src/zip/read/listing.ts";
import type { ZipSource } from "../../src/zip/read/source.ts";

/** The part of an R2 bucket that the listers use. */
interface Bucket {
  put(key: string, body: ReadableStream | null): Promise<unknown>;
  get(
    key: string,
    options: { range: { offset: number; length: number } },
  ): Promise<{ body: ReadableStream<Uint8Array>; arrayBuffer(): Promise<ArrayBuffer> } | null>;
}

/**
 * `/{lister}/{size}/{key}` answers the listing of an archive in R2 as JSON, `/{lister}/{size}/{key}/{offset}/{size of the
 * directory}/{entries}` with the place that publish would have stored. PUT stores an archive; `/touch/…` reads a little
 * of it, without any lister.
 */
export default {
  async fetch(request: Request, env: { ARCHIVES: Bucket }): Promise<Response> {
    const [, lister, length = "", key = "", ...numbers] = new URL(request.url).pathname.split("/");
    const [offset, size, entries] = numbers.map(Number);
    const place =
      offset === undefined || size === undefined || entries === undefined ? undefined : { offset, size, entries };
    if (request.method === "PUT") await env.ARCHIVES.put(key, request.body);
    if (lister === "touch") await (await getRange(env.ARCHIVES, key, 0, 64)).arrayBuffer();
    if (lister === "ours") return new Response(listEntries(bucketSource(env.ARCHIVES, key, Number(length)), place));
    if (lister === "unzipit") return new Response(await listWithUnzipit(env.ARCHIVES, key, Number(length)));
    return new Response("ready");
  },
};

function bucketSource(bucket: Bucket, key: string, length: number): ZipSource {
  return { length, read: async (offset, length) => (await getRange(bucket, key, offset, length)).body };
}

async function listWithUnzipit(bucket: Bucket, key: string, size: number): Promise<string> {
  const { entries } = await unzip({
    getLength: () => Promise.resolve(size),
    read: async (offset, length) => new Uint8Array(await (await getRange(bucket, key, offset, length)).arrayBuffer()),
  });
  const rows = Object.values(entries).map(({ name, size, compressedSize }) => {
    return { filename: name, file_size: size, compress_size: compressedSize };
  });
  return JSON.stringify(rows);
}

async function getRange(bucket: Bucket, key: string, offset: number, length: number) {
  const object = await bucket.get(key, { range: { offset, length } });
  if (object === null) throw new Error(`no object ${key}`);
  return object;
}
