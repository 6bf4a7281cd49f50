import { FILE_SCRIPTS, faultOf, toListing, toPartVariables, toStatus } from "../file-scripts.ts";
import { FileError, type FileStatus, type PartedFiles, type SandboxFiles } from "../port.ts";
import { asCommand, type ContainerMachine } from "./container-machine.ts";

/** The files of a container: looked at by commands inside of it, their bytes through its own interface. */
export class ContainerFiles implements SandboxFiles {
  readonly #machine: ContainerMachine;

  constructor(machine: ContainerMachine) {
    this.#machine = machine;
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    try {
      return toStatus(path, await this.#ask("stat", path));
    } catch (error) {
      if (error instanceof FileError && error.fault === "not_found") return undefined;
      throw error;
    }
  }

  async list(path: string, depth: number, limit: number): Promise<{ entries: FileStatus[]; more: boolean }> {
    const env = { DEPTH: String(depth), LIMIT: String(limit + 1) };
    return toListing(path, await this.#ask("list", path, env), limit);
  }

  async read(path: string, range?: { offset: number; length: number }): Promise<ReadableStream<Uint8Array>> {
    const status = await this.stat(path);
    if (!status) throw new FileError("not_found", `There is no '${path}'.`);
    await this.#ask("check", path);
    const { content } = await this.#machine.readFile(path, { encoding: "none" });
    return range ? content.pipeThrough(slice(range.offset, range.length)) : content;
  }

  async write(path: string, body: ReadableStream<Uint8Array>): Promise<FileStatus> {
    await this.#ask("check", path);
    const { exitCode, stderr } = await this.#machine.exec(asCommand('mkdir -p -- "$(dirname -- "$1")"', path));
    const fault = faultOf({ status: "exited", exitCode, produced: { stdout: 0, stderr: 0 } })(stderr);
    if (fault) throw fault;
    await this.#machine.writeFile(path, body);
    return toStatus(path, await this.#ask("stat", path));
  }

  async remove(path: string): Promise<void> {
    await this.#ask("remove", path);
  }

  readonly parted: PartedFiles = {
    begin: async (file) => {
      await this.#ask("begin", file.path, toPartVariables(file));
    },
    // The container's own interface takes a stream as a file alone: from there it is put in its place.
    write: async (file, offset, body, size) => {
      const place = `${file.staging}.${offset}`;
      try {
        await this.#machine.writeFile(place, body);
        await this.#ask("partOfFile", file.path, {
          ...toPartVariables(file),
          OFFSET: String(offset),
          SIZE: String(size),
          PART: place,
        });
      } finally {
        await this.#machine.exec(asCommand('rm -f -- "$1"', place));
      }
    },
    complete: async (file) => toStatus(file.path, await this.#ask("complete", file.path, toPartVariables(file))),
    abort: async (file) => {
      await this.#ask("abort", file.path, toPartVariables(file));
    },
  };

  async #ask(
    script: "stat" | "list" | "check" | "remove" | "begin" | "partOfFile" | "complete" | "abort",
    path: string,
    env: Record<string, string> = {},
  ): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#machine.exec(asCommand(FILE_SCRIPTS[script]), {
      env: { ...env, P: path },
    });
    const fault = faultOf({ status: "exited", exitCode, produced: { stdout: 0, stderr: 0 } })(stderr);
    if (fault) throw fault;
    return stdout;
  }
}

/** Lets bytes `offset` to `offset + length` through. */
function slice(offset: number, length: number): TransformStream<Uint8Array, Uint8Array> {
  let skip = offset;
  let left = length;
  return new TransformStream({
    transform(chunk, controller) {
      const part = chunk.subarray(skip, skip + left);
      skip = Math.max(0, skip - chunk.byteLength);
      left -= part.byteLength;
      if (part.byteLength > 0) controller.enqueue(part);
      if (left === 0) controller.terminate();
    },
  });
}
