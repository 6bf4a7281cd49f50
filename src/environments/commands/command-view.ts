import { ApiError } from "../../http/errors/error-table.ts";
import { KILLED_EXIT_CODE, type OutputStream, TIMED_OUT_EXIT_CODE, UNLIMITED_SECONDS } from "../../sandbox/port.ts";
import { type CommandRow, hasTerminal, type OutputPiece } from "./command-log.ts";
import type { CommandResponse, ExecuteResponse } from "./command-schemas.ts";

/** Decodes output as it comes; a character may be split between two pieces of its stream. */
export class OutputText {
  readonly #decoders: Record<OutputStream, TextDecoder> = {
    stdout: new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }),
    stderr: new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }),
  };

  add({ stream, bytes }: OutputPiece): string {
    return this.#decoders[stream].decode(bytes, { stream: true });
  }

  /** What of a stream has come in part only. */
  end(stream: OutputStream): string {
    return this.#decoders[stream].decode();
  }
}

/** The texts of a command's output: of each stream, and of both. */
export class CollectedOutput {
  readonly #text = new OutputText();
  stdout = "";
  stderr = "";
  output = "";

  add(piece: OutputPiece): void {
    this.#append(piece.stream, this.#text.add(piece));
  }

  end(): void {
    for (const stream of ["stdout", "stderr"] as const) this.#append(stream, this.#text.end(stream));
  }

  #append(stream: OutputStream, text: string): void {
    this[stream] += text;
    this.output += text;
  }
}

/** Exit codes: the command's own, or what stands for the way it was ended (sandbox/port.ts). */
export function exitCodeOf({ status, exit_code: exitCode }: CommandRow): number | null {
  if (status === "timed_out") return TIMED_OUT_EXIT_CODE;
  if (status === "killed") return KILLED_EXIT_CODE;
  return exitCode;
}

function truncationOf(row: CommandRow): CommandResponse["truncated"] {
  const stdout = { total: row.stdout_total, kept: row.stdout_kept - row.dropped };
  const stderr = { total: row.stderr_total, kept: row.stderr_kept };
  return stdout.total > stdout.kept || stderr.total > stderr.kept ? { stdout, stderr } : null;
}

export function toCommand(row: CommandRow): CommandResponse {
  return {
    command_id: row.id,
    command: row.command,
    cwd: row.cwd,
    background: row.background === 1,
    status: row.status,
    exit_code: exitCodeOf(row),
    timed_out: row.status === "timed_out",
    truncated: truncationOf(row),
    reason: row.reason,
    timeout_sec: row.seconds === UNLIMITED_SECONDS ? null : row.seconds,
    started_at: new Date(row.started).toISOString(),
    ended_at: row.ended === null ? null : new Date(row.ended).toISOString(),
    duration_ms: row.ended === null ? null : Math.max(0, row.ended - row.started),
    output_bytes: row.stdout_kept + row.stderr_kept - row.dropped,
    tty: hasTerminal(row) ? { rows: row.rows, cols: row.cols } : null,
    stdin_open: row.input === "open",
  };
}

/** What `execute` answers without the output. Throws `sandbox_failed` for a command whose end nobody knows. */
export function toResult(row: CommandRow): Omit<ExecuteResponse, "output" | "stdout" | "stderr"> {
  const { command_id, status, exit_code, timed_out, truncated, reason, duration_ms } = toCommand(row);
  if (status === "lost" || status === "running" || exit_code === null) {
    throw new ApiError("sandbox_failed", `Command ${command_id} is lost: ${reason ?? "its end is not known."}`);
  }
  return { exit_code, status, command_id, timed_out, truncated, reason, duration_ms: duration_ms ?? 0 };
}
