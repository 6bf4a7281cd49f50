/**
 * Secrets in what commands write. The mask stands where output enters: at the pipe of a program on a runner's machine, and
 * at the end of a command in the embedded shell, so that nothing in plain text is sent, counted or stored.
 */

/** Bytes of the shortest text that is masked: shorter ones are in output that has nothing to do with a secret. */
export const MASK_MIN_BYTES = 8;

const MASK = new TextEncoder().encode("***");

/** What a sandbox has of its secrets. */
export interface SandboxSecrets {
  /** The variables of each of its commands and scripts. */
  variables: Readonly<Record<string, string>>;
  mask: SecretMask;
}

/** Spans of bytes that are masked, in their order; positions count from the stream's beginning. */
interface Span {
  start: number;
  end: number;
  /** The mask is out already: its end had to be waited for. */
  isShown: boolean;
}

/**
 * Finds values in bytes, each as it is, each of its lines, and the value as JSON, as a part of a URL and in base64 (whole, and
 * inside of something longer). An Aho-Corasick automaton: the time grows with the bytes alone, whatever the values are.
 */
export class SecretMask {
  readonly #root = new Int32Array(256);
  /** State and byte to the state that follows; those of the first state are in `#root`. */
  readonly #next = new Map<number, number>();
  /** By state: its longest proper end that begins a pattern, how many bytes it stands for, the longest pattern it ends with. */
  readonly #fallback: number[] = [0];
  readonly #depth: number[] = [0];
  readonly #covered: number[] = [0];

  constructor(values: Iterable<string>) {
    const parents = [0];
    const bytes = [0];
    for (const pattern of new Set([...values].flatMap(formsOf))) {
      let state = 0;
      for (const byte of new TextEncoder().encode(pattern)) {
        let next = this.#child(state, byte);
        if (next === 0) {
          next = parents.push(state) - 1;
          bytes.push(byte);
          this.#depth.push((this.#depth[state] ?? 0) + 1);
          if (state === 0) this.#root[byte] = next;
          else this.#next.set(state * 256 + byte, next);
        }
        state = next;
      }
      this.#covered[state] = this.#depth[state] ?? 0;
    }
    const byDepth = parents.map((_, state) => state).sort((a, b) => (this.#depth[a] ?? 0) - (this.#depth[b] ?? 0));
    for (const state of byDepth.slice(1)) {
      const parent = parents[state] ?? 0;
      const fallback = parent === 0 ? 0 : this.follow(this.#fallback[parent] ?? 0, bytes[state] ?? 0);
      this.#fallback[state] = fallback;
      this.#covered[state] ??= this.#covered[fallback] ?? 0;
    }
  }

  /** Whether there is nothing to mask. */
  get isEmpty(): boolean {
    return this.#depth.length === 1;
  }

  /** Masks an output that comes in chunks. */
  stream(): MaskedStream {
    return new MaskedStream(this);
  }

  /** All of an output with its secrets masked. */
  whole(bytes: Uint8Array): Uint8Array {
    if (this.isEmpty) return bytes;
    const masked = this.stream();
    return concatenate([masked.push(bytes), masked.end()]);
  }

  /** The same of a text. */
  text(text: string): string {
    return this.isEmpty ? text : new TextDecoder().decode(this.whole(new TextEncoder().encode(text)));
  }

  /** The state after one more byte. */
  follow(from: number, byte: number): number {
    for (let state = from; ; state = this.#fallback[state] ?? 0) {
      const next = this.#child(state, byte);
      if (next !== 0 || state === 0) return next;
    }
  }

  /** Bytes at the end of what was read that may be the beginning of a secret. */
  depthOf(state: number): number {
    return this.#depth[state] ?? 0;
  }

  /** Bytes at the end of what was read that are a secret; 0 for none. */
  coveredBy(state: number): number {
    return this.#covered[state] ?? 0;
  }

  #child(state: number, byte: number): number {
    return (state === 0 ? this.#root[byte] : this.#next.get(state * 256 + byte)) ?? 0;
  }
}

/** For a sandbox without secrets. */
export const NO_SECRETS: SandboxSecrets = { variables: {}, mask: new SecretMask([]) };

/**
 * One output as it comes. What may be the beginning of a secret is held back until more has come or the output has ended:
 * fewer bytes than the longest pattern has. However it is cut, the result is the same.
 */
export class MaskedStream {
  readonly #mask: SecretMask;
  #state = 0;
  #position = 0;
  #held = new Uint8Array(0);
  #spans: Span[] = [];

  constructor(mask: SecretMask) {
    this.#mask = mask;
  }

  /** What can be passed on after these bytes. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#mask.isEmpty) return chunk;
    for (const byte of chunk) {
      this.#state = this.#mask.follow(this.#state, byte);
      this.#position += 1;
      const covered = this.#mask.coveredBy(this.#state);
      if (covered > 0) this.#cover(this.#position - covered);
    }
    this.#held = concatenate([this.#held, chunk]);
    return this.#release(this.#held.byteLength - this.#mask.depthOf(this.#state));
  }

  /** What was held back: nothing comes any more. */
  end(): Uint8Array {
    this.#state = 0;
    return this.#release(this.#held.byteLength);
  }

  /** Masks from `start` to the position, with the spans that overlap. */
  #cover(start: number): void {
    const span = { start, end: this.#position, isShown: false };
    for (let last = this.#spans.at(-1); last && last.end > span.start; last = this.#spans.at(-1)) {
      span.start = Math.min(span.start, last.start);
      span.isShown ||= last.isShown;
      this.#spans.pop();
    }
    this.#spans.push(span);
  }

  /** Takes the first `length` bytes of what is held, masked. */
  #release(length: number): Uint8Array {
    const begin = this.#position - this.#held.byteLength;
    const end = begin + length;
    const pieces: Uint8Array[] = [];
    let at = begin;
    for (const span of this.#spans) {
      if (span.start >= end) break;
      if (span.start > at) pieces.push(this.#held.subarray(at - begin, span.start - begin));
      if (!span.isShown) pieces.push(MASK);
      span.isShown = true;
      at = Math.min(span.end, end);
    }
    if (at < end) pieces.push(this.#held.subarray(at - begin, length));
    this.#spans = this.#spans.filter((span) => span.end > end);
    this.#held = this.#held.slice(length);
    return concatenate(pieces);
  }
}

/** The texts by which a value is known. */
function formsOf(value: string): string[] {
  const whole = value.trim();
  const lines = whole.split(/[\r\n]+/).map((line) => line.trim());
  const forms = [whole, ...lines, JSON.stringify(whole).slice(1, -1), encodeURIComponent(whole), ...base64Of(whole)];
  return forms.filter((form) => new TextEncoder().encode(form).byteLength >= MASK_MIN_BYTES);
}

/** In base64 a value has three forms, by its place in what is encoded; the characters that it shares with others left out. */
function base64Of(value: string): string[] {
  const binary = Array.from(new TextEncoder().encode(value), (byte) => String.fromCodePoint(byte)).join("");
  return [0, 1, 2].flatMap((before) => {
    const padded = "\0".repeat(before) + binary;
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6)];
    const text = btoa(padded).slice(from, to);
    return [text, text.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}
