import type { PickedFile } from "./picked.ts";

/** Modes of a plain file, and of one that is run: browsers tell neither, so a first line `#!` does. */
const FILE_MODE = 0o100644;
const PROGRAM_MODE = 0o100755;

/** Packs files into a zip archive, in the background of the page; `onProgress` gets bytes of the files. */
export async function packFolder(
  files: readonly PickedFile[],
  signal: AbortSignal,
  onProgress: (packed: number) => void,
): Promise<Blob> {
  const { BlobReader, BlobWriter, ZipWriter } = await import("@zip.js/zip.js/lib/zip-core-native.js");
  const archive = new ZipWriter(new BlobWriter("application/zip"), {
    useWebWorkers: false,
    extendedTimestamp: false,
    signal,
  });
  let packed = 0;
  for (const { path, file } of files) {
    signal.throwIfAborted();
    const before = packed;
    await archive.add(path, new BlobReader(file), {
      lastModDate: new Date(file.lastModified),
      unixMode: (await isProgram(file)) ? PROGRAM_MODE : FILE_MODE,
      onprogress: (done) => {
        onProgress(before + done);
        return undefined;
      },
    });
    packed += file.size;
    onProgress(packed);
  }
  return await archive.close();
}

async function isProgram(file: File): Promise<boolean> {
  return (await file.slice(0, 2).text()) === "#!";
}
