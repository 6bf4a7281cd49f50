/**
 * The entries that all systems carry: JSON of one length, each with its number, from 1, and the time it belongs to, both
 * as integers of fixed width near the front. They survive being parsed and written again as JSON, and are found in any
 * stream of bytes without parsing it.
 */

const NUMBER_BASE = 100_000_000;
const PREFIX = '{"n":';
const NUMBER_AT = PREFIX.length;
const NUMBER_DIGITS = String(NUMBER_BASE).length;
const TIME_AT = NUMBER_AT + NUMBER_DIGITS + ',"t":'.length;
const TIME_DIGITS = 16;

/** Bytes of an entry's front: all that readers look at. */
export const HEAD_BYTES = TIME_AT + TIME_DIGITS;

const REST =
  ',"type":"notification","notification":{"jsonrpc":"2.0","method":"_posthog/console","params":{"level":"info","message":"step of the agent, as long as most"}}}';

export const ENTRY_BYTES = HEAD_BYTES + REST.length;

/** Microseconds since 1970, by a clock that does not jump within a process. */
export function nowMicros(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

/** `count` entries from number `first` on, all of one time in microseconds. */
export function writeEntries(first: number, count: number, time: number, separator: string): string {
  const rest = `,"t":${time}${REST}`;
  let text = "";
  for (let n = first; n < first + count; n += 1) {
    text += `${n === first ? "" : separator}${PREFIX}${NUMBER_BASE + n}${rest}`;
  }
  return text;
}

const [BRACE, QUOTE, LETTER] = [PREFIX.charCodeAt(0), PREFIX.charCodeAt(1), PREFIX.charCodeAt(2)];

/** Whether an entry's front begins at `at`. */
export function isHead(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === BRACE && bytes[at + 1] === QUOTE && bytes[at + 2] === LETTER && bytes[at + 3] === QUOTE;
}

function readDigits(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) value = value * 10 + (bytes[at] ?? 0) - 0x30;
  return value;
}

export function readNumber(bytes: Uint8Array, head: number): number {
  return readDigits(bytes, head + NUMBER_AT, NUMBER_DIGITS) - NUMBER_BASE;
}

export function readTime(bytes: Uint8Array, head: number): number {
  return readDigits(bytes, head + TIME_AT, TIME_DIGITS);
}
