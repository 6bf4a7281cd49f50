import type { Readable } from "node:stream";
import { ProgramOutput } from "../process/program-output.ts";

/** Bytes of a line at most; what is longer is cut into several. An event has to fit into a message of 1 MiB. */
const MAX_LINE_BYTES = 512 * 1024;

const LINE_FEED = 0x0a;

/**
 * The lines of an output, without their ends. Nothing is read while the consumer is busy, and no line is endless. When the
 * program has `ended` and something still holds the output open, it is given up once nothing comes any more.
 */
export async function* readLines(source: Readable, ended: Promise<unknown>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let held = 0;
  const chunks = new ProgramOutput(source);
  void ended.then(() => chunks.giveUpWhenIdle());
  for (let chunk = await chunks.next(); chunk; chunk = await chunks.next()) {
    let bytes = chunk;
    while (bytes.length > 0) {
      const feed = bytes.indexOf(LINE_FEED);
      const end = Math.min(feed === -1 ? bytes.length : feed, MAX_LINE_BYTES - held);
      rest.push(bytes.subarray(0, end));
      held += end;
      const isWhole = feed === end;
      bytes = bytes.subarray(isWhole ? end + 1 : end);
      if (!isWhole && held < MAX_LINE_BYTES) continue;
      yield textOf(rest);
      rest = [];
      held = 0;
    }
  }
  if (held > 0) yield textOf(rest);
}

function textOf(pieces: Buffer[]): string {
  const text = Buffer.concat(pieces).toString("utf8");
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
