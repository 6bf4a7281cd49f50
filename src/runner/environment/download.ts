import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { ArchiveRefused } from "./unpack.ts";

/** What is to be downloaded: `size` in bytes, `sha256` in hex. */
export interface Download {
  url: string;
  /** Sent as Bearer; never printed. */
  token: string;
  headers?: Record<string, string>;
  size: number;
  sha256: string;
}

/** Downloads a file as it streams, and refuses it unless it has the size and the digest that were announced. */
export async function downloadFile(wanted: Download, place: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(wanted.url, {
    headers: { ...wanted.headers, Authorization: `Bearer ${wanted.token}` },
    redirect: "error",
    signal,
  });
  if (!response.ok || !response.body) throw new Error(`The archive's download answered ${response.status}`);
  const hash = createHash("sha256");
  const file = await open(place, "wx", 0o600);
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > wanted.size) break;
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  if (size !== wanted.size) throw new ArchiveRefused("The archive has another size than its version says.");
  if (hash.digest("hex") !== wanted.sha256)
    throw new ArchiveRefused("The archive has another digest than its version.");
}
