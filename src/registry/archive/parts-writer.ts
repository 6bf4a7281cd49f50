/** Bytes of each part but the last: R2 takes 5 MiB and more, all of one size. */
const PART_BYTES = 8 * 1024 * 1024;

/** An object that has been written. */
export interface WrittenObject {
  /** Bytes. */
  size: number;
  /** In hex. */
  sha256: string;
  etag: string;
}

/**
 * Writes an object whose length nobody knows before its end, through a multipart upload of R2: in memory is one part.
 * Computes the SHA-256 on the way. Whoever gives up aborts the multipart upload.
 */
export class PartsWriter {
  readonly #bucket: R2Bucket;
  readonly #multipart: R2MultipartUpload;
  readonly #digest = new crypto.DigestStream("SHA-256");
  readonly #hash = this.#digest.getWriter();
  readonly #parts: R2UploadedPart[] = [];
  readonly #part = new Uint8Array(PART_BYTES);
  #filled = 0;
  #size = 0;

  constructor(bucket: R2Bucket, multipart: R2MultipartUpload) {
    this.#bucket = bucket;
    this.#multipart = multipart;
    // Nobody asks for the digest of what is given up.
    this.#digest.digest.catch(() => undefined);
  }

  /** The chunk is the caller's again afterwards. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.byteLength;
    for (let taken = 0; taken < chunk.byteLength;) {
      const piece = chunk.subarray(taken, taken + PART_BYTES - this.#filled);
      this.#part.set(piece, this.#filled);
      this.#filled += piece.byteLength;
      taken += piece.byteLength;
      if (this.#filled === PART_BYTES) await this.#flush();
    }
  }

  async finish(): Promise<WrittenObject> {
    if (this.#filled > 0) await this.#flush();
    await this.#hash.close();
    const sha256 = new Uint8Array(await this.#digest.digest).toHex();
    return { size: this.#size, sha256, etag: await this.#complete() };
  }

  async #complete(): Promise<string> {
    if (this.#parts.length > 0) return (await this.#multipart.complete(this.#parts)).etag;
    // R2 puts no object together out of nothing.
    await this.#multipart.abort();
    const object = await this.#bucket.put(this.#multipart.key, new Uint8Array(0));
    if (object === null) throw new Error("R2 put nothing, without a condition");
    return object.etag;
  }

  async #flush(): Promise<void> {
    const part = this.#part.subarray(0, this.#filled);
    const [uploaded] = await Promise.all([
      this.#multipart.uploadPart(this.#parts.length + 1, part),
      this.#hash.write(part),
    ]);
    this.#parts.push(uploaded);
    this.#filled = 0;
  }
}
