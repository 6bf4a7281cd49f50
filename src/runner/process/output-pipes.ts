import { execFile } from "node:child_process";
import { close as closeDescriptor, constants, open as openDescriptor } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

const open = promisify(openDescriptor);
const close = promisify(closeDescriptor);

/** Whoever the program runs as may open its outputs again by name; their folder is gone before it runs. */
const EVERYBODY_MODE = "666";

/** The outputs of a program that is about to start. */
export interface OutputPipes {
  stdout: Readable;
  stderr: Readable;
  /** Descriptors of the program's ends, for `stdio`. */
  ends: readonly [stdout: number, stderr: number];
  /** Closes the program's ends here, once it has them or could not be started. */
  release(): Promise<void>;
}

/**
 * Makes pipes for a program's outputs. Node itself would make sockets, which cannot be opened by name: then
 * `echo x > /dev/stderr`, as scripts write it, fails.
 */
export async function makeOutputPipes(): Promise<OutputPipes> {
  const folder = await mkdtemp(path.join(tmpdir(), "taskyard-pipes-"));
  try {
    const places = [path.join(folder, "stdout"), path.join(folder, "stderr")];
    await makeFifos(places);
    const [stdout, stderr] = await Promise.all(places.map(openOutput));
    if (!stdout || !stderr) throw new Error("A pipe could not be made");
    return {
      stdout: stdout.readable,
      stderr: stderr.readable,
      ends: [stdout.end, stderr.end],
      release: async () => {
        await Promise.all([close(stdout.end), close(stderr.end)]);
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes pipes with names, which everyone who gets at them may open. */
export async function makeFifos(places: readonly string[]): Promise<void> {
  await promisify(execFile)("mkfifo", ["-m", EVERYBODY_MODE, ...places]);
}

/** The reading side first, and without waiting: only then does opening the other one not wait for it. */
export async function openOutput(place: string): Promise<{ readable: Readable; end: number }> {
  const fd = await open(place, constants.O_RDONLY | constants.O_NONBLOCK);
  const end = await open(place, constants.O_WRONLY);
  return { readable: new Socket({ fd, readable: true, writable: false }), end };
}
