/**
 * Where a zip archive's bytes come from: a length and one way to read a part. R2 objects, files, byte arrays and
 * ranged HTTP all fit behind it.
 */
export interface ZipSource {
  /** Bytes in the whole archive. */
  readonly length: number;
  /**
   * Bytes `offset` to `offset + length` as a stream of non-empty chunks of any size. One call is one request to the
   * store behind it, so readers ask for as few as they can. The range lies inside the archive.
   */
  read(offset: number, length: number): Promise<ReadableStream<Uint8Array>>;
  /** The same bytes where all of them are in memory already, else undefined: no stream has to be made for them. */
  held?(offset: number, length: number): Uint8Array | undefined;
}
