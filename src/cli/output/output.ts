import { choosePaint, type Paint } from "./colours.ts";
import { LiveRegion } from "./live-region.ts";
import { barOn, linesOn, type Progress, QUICK_BYTES } from "./progress.ts";
import { renderFields, renderTable } from "./table.ts";

/** How a command was asked to speak. */
export interface OutputOptions {
  /** Results as JSON: the objects of the API as they are. */
  json: boolean;
  /** Results only, as short as can be: ids. */
  quiet: boolean;
}

/**
 * Where a command says what it has to say. Results go to standard output, in one of three forms; everything else, progress
 * and advice, goes to standard error.
 */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Colours for standard output. */
  readonly paint: Paint;
  readonly #paintNote: Paint;

  constructor({ json, quiet }: OutputOptions, env: NodeJS.ProcessEnv = process.env) {
    this.json = json;
    this.quiet = quiet;
    this.paint = choosePaint(process.stdout, env);
    this.#paintNote = choosePaint(process.stderr, env);
  }

  /** Whether what is shown may be drawn again: a terminal, and nothing that a program reads. */
  get isLive(): boolean {
    return process.stdout.isTTY && !this.json && !this.quiet && process.env["TERM"] !== "dumb";
  }

  /** The result: `value` for programs, `text` for people, `short` where ids are enough. */
  result(value: unknown, text: () => string, short?: () => string): void {
    if (this.json) return this.write(`${JSON.stringify(value, null, 2)}\n`);
    const shown = this.quiet ? (short?.() ?? "") : text();
    if (shown !== "") this.write(`${shown}\n`);
  }

  /** One of many results that come one after the other: a line of JSON each. */
  entry(value: unknown, text: () => string | undefined): void {
    if (this.json) return this.write(`${JSON.stringify(value)}\n`);
    const shown = this.quiet ? undefined : text();
    if (shown !== undefined) this.write(`${shown}\n`);
  }

  /** A list: all rows in JSON, a table for people, `short` of each row where that is enough. */
  list<T>(rows: readonly T[], { head, cells, short, none }: ListView<T>): void {
    this.result(
      rows,
      () => (rows.length === 0 ? "" : this.table(head, rows.map(cells))),
      () => rows.map(short).join("\n"),
    );
    if (rows.length === 0 && !this.json) this.note(none);
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
    return renderTable(head, rows, { columns, paintHead: (text) => this.paint("dim", text) });
  }

  fields(fields: readonly (readonly [string, string | null | undefined])[]): string {
    return renderFields(fields, (text) => this.paint("dim", text));
  }

  /** Bytes for standard output as they are. */
  write(data: string | Uint8Array): void {
    process.stdout.write(data);
  }

  /** Says what is going on; silent with `--quiet`. */
  note(text: string): void {
    if (!this.quiet) process.stderr.write(`${text}\n`);
  }

  /** Says what is done. */
  done(text: string): void {
    this.note(`${this.#paintNote("green", "✓")} ${text}`);
  }

  /** Says what might be wrong; also with `--quiet`. */
  warn(text: string): void {
    process.stderr.write(`${this.#paintNote("yellow", "warning:")} ${text}\n`);
  }

  /** Says how to go on. */
  next(command: string): void {
    this.note(this.#paintNote("dim", `  Next: ${command}`));
  }

  /** Shows how far something is. */
  progress(label: string, total: number, from = 0): Progress {
    if (this.quiet || total < QUICK_BYTES) return { at: () => undefined, end: () => undefined };
    if (process.stderr.isTTY && process.env["TERM"] !== "dumb") return barOn(process.stderr, { label, total, from });
    return linesOn((line) => this.note(line), { label, total, from });
  }

  /** What is drawn again and again on standard output; only where `isLive`. */
  live(): LiveRegion {
    return new LiveRegion(process.stdout);
  }
}

/** How the rows of a list are shown. */
interface ListView<T> {
  head: readonly string[];
  cells: (row: T) => readonly string[];
  /** What names a row: its id, or its name. */
  short: (row: T) => string;
  /** What to say where there are none. */
  none: string;
}
