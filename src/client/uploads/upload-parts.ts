/** What is uploaded: a `Blob` or `File` (of `openAsBlob(path)` in Node.js), bytes, or something else that is read piece by piece. */
export type Source =
  | Uint8Array<ArrayBuffer>
  | { readonly size: number; slice: (from: number, to: number) => { arrayBuffer: () => Promise<ArrayBuffer> } };

/** How far an upload is, in bytes. */
export interface Progress {
  sent: number;
  total: number;
}

/** An upload that was begun, as JSON keeps it: `state` of a later call goes on with it, also in another process. */
export interface UploadState {
  uploadId: string;
  /** Bytes of the whole, which the source has to have then too. */
  size: number;
}

/** What uploads in parts take. */
export interface UploadSettings {
  source: Source;
  /** SHA-256 of the whole in hex, where it is known: compared before the upload counts. */
  sha256?: string | undefined;
  /** Goes on with an upload that was begun: what has arrived is not sent again. One that is not there any more begins anew. */
  state?: UploadState | undefined;
  /** Told what to keep in order to go on after the program was killed. */
  onState?: ((state: UploadState) => void) | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Parts at once, each of which is held in memory; 4 where nothing is said. */
  concurrency?: number | undefined;
  /** Breaks the upload off; what has arrived stays until the upload expires, and `state` goes on with it. */
  signal?: AbortSignal | undefined;
}

const CONCURRENCY = 4;

export function sizeOf(source: Source): number {
  return source instanceof Uint8Array ? source.byteLength : source.size;
}

export async function readSource(source: Source, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array) return source.subarray(from, to);
  return new Uint8Array(await source.slice(from, to).arrayBuffer());
}

/** Sends the parts of a source, several at once; `send` gets each with its number, from 1, and the first failure ends all of them. */
export async function sendParts(
  { source, concurrency = CONCURRENCY, signal, onProgress }: UploadSettings,
  partSize: number,
  send: (number: number, bytes: () => Promise<Uint8Array<ArrayBuffer>>, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const total = sizeOf(source);
  const parts = Math.ceil(total / partSize);
  const ending = new AbortController();
  const abort = () => ending.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort);
  let next = 1;
  let sent = 0;
  const work = async () => {
    while (next <= parts && !ending.signal.aborted) {
      const number = next;
      next += 1;
      const from = (number - 1) * partSize;
      const to = Math.min(from + partSize, total);
      await send(number, () => readSource(source, from, to), ending.signal);
      sent += to - from;
      onProgress?.({ sent, total });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, parts) }, work));
    signal?.throwIfAborted();
  } catch (error) {
    ending.abort(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
