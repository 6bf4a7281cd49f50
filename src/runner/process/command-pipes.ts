import { chmod, chown, mkdir, rm, writeFile } from "node:fs/promises";
import { close as closeDescriptor, constants, open as openDescriptor } from "node:fs";
import { Socket } from "node:net";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { makeFifos, openOutput } from "./output-pipes.ts";

const open = promisify(openDescriptor);
const close = promisify(closeDescriptor);

/** Others may pass through, as a command's user has to, and not look. */
const PASSAGE_MODE = 0o711;
/** Variables may be secrets. */
const WORDS_MODE = 0o600;

/** The pipes of a command in a sandbox, and this side of them. */
export interface CommandPipes {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Closes the other side of the outputs here, which the command has by now, and removes the names of all. */
  release(): Promise<void>;
}

/** Makes a folder with the pipes of a command and the words that it is started by (sandbox-init.ts). */
export async function makeCommandPipes(
  folder: string,
  words: readonly string[],
  owner: { uid: number; gid: number } | undefined,
): Promise<CommandPipes> {
  await mkdir(folder);
  await chmod(folder, PASSAGE_MODE);
  const names = ["in", "out", "err"].map((name) => path.join(folder, name));
  const [stdinPlace = "", stdoutPlace = "", stderrPlace = ""] = names;
  await makeFifos(names);
  const wordsPlace = path.join(folder, "words");
  await writeFile(wordsPlace, words.map((word) => `${word}\0`).join(""), { mode: WORDS_MODE });
  if (owner) await chown(wordsPlace, owner.uid, owner.gid);
  // Opened for both, or opening would wait for who reads.
  const input = await open(stdinPlace, constants.O_RDWR | constants.O_NONBLOCK);
  const [stdout, stderr] = [await openOutput(stdoutPlace), await openOutput(stderrPlace)];
  return {
    stdin: new Socket({ fd: input, readable: false, writable: true }),
    stdout: stdout.readable,
    stderr: stderr.readable,
    release: async () => {
      await Promise.all([close(stdout.end), close(stderr.end)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
