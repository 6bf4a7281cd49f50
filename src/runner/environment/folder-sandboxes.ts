import { open, rm } from "node:fs/promises";
import { DEFAULT_CHECK_LIMITS } from "../../zip/check/check-limits.ts";
import { findTerminalFault } from "../process/pty-bridge.ts";
import { type Isolation, SandboxFolder } from "../process/isolation.ts";
import { fileSource } from "./file-source.ts";
import type { LocalSandbox, SandboxRequest, SandboxSource } from "./local-sandbox.ts";
import { unpackArchive } from "./unpack.ts";
import type { Say } from "../connection/held-work.ts";

/** Sandboxes that are a folder of this machine, under bubblewrap or, where the operator says so, under nothing. */
export class FolderSandboxes implements SandboxSource {
  readonly kind: Isolation["kind"];
  readonly capabilities = [];
  readonly terminals = findTerminalFault() === undefined;
  readonly #isolation: Isolation;
  readonly #workFolder: string;
  readonly #maxUnpackedBytes: number;
  readonly #say: Say;

  constructor(isolation: Isolation, workFolder: string, maxUnpackedBytes: number, say: Say) {
    this.kind = isolation.kind;
    this.#isolation = isolation;
    this.#workFolder = workFolder;
    this.#maxUnpackedBytes = maxUnpackedBytes;
    this.#say = say;
  }

  async open(request: SandboxRequest): Promise<LocalSandbox> {
    if (request.services?.by === "compose") {
      throw new Error(
        "The task's services are containers of its docker-compose.yaml, for which this runner has no engine (docs/runner.md).",
      );
    }
    const sandbox = await SandboxFolder.create(this.#workFolder, this.#isolation);
    try {
      await this.#fill(sandbox, request);
      return sandbox;
    } catch (error) {
      await sandbox.remove(this.#say);
      throw error;
    }
  }

  async #fill(sandbox: SandboxFolder, { archive, withheldPaths, download, log }: SandboxRequest): Promise<void> {
    const place = sandbox.hidden("archive.zip");
    await download(place);
    log(`The archive has come, ${archive.size} bytes, and is unpacked.`);
    const file = await open(place, "r");
    try {
      const limits = { ...DEFAULT_CHECK_LIMITS, maxTotalBytes: this.#maxUnpackedBytes };
      const options = { limits, root: archive.root, withheldPaths, owner: sandbox.owner };
      await unpackArchive(fileSource(file, archive.size), sandbox.taskFolder, options);
    } finally {
      await file.close();
    }
    await rm(place);
  }
}
