import { describe, expect, it } from "vitest";
import { findNameFault } from "../../../src/zip/check/names.ts";
import { PathHash } from "../../../src/zip/check/path-hash.ts";
import { viewOf } from "../../../src/zip/read/records.ts";

const encoder = new TextEncoder();

/** Each in every place of a word and of a path. */
const ALPHABET = ["a", "Z", ".", "/", "\\", ":", "\u0001", "\u007f", "\u00e9", "~"];

describe("PathHash", () => {
  it("calls no path sound that has a fault, nor one odd that is plain ASCII", () => {
    const hash = new PathHash();
    for (const filler of ["", "b", "bc", "bcd", "bcd/e", "bcd/efg"]) {
      for (const path of pathsOf(4).map((tail) => filler + tail)) {
        const bytes = encoder.encode(`PKPK${path}`);
        const sound = hash.take(viewOf(bytes), 4, bytes.length);
        // A colon in second place and names such as .a get the closer look, which finds nothing.
        const plain = /^[ -~]*$/.test(path) && path[1] !== ":" && !/(^|\/)\.[^/](\/|$)/.test(path);
        expect([path, sound]).toEqual([path, plain && findNameFault(bytes, 4, bytes.length) === undefined]);
      }
    }
  });

  it("hashes a folder as the file of its name, whatever the case of ASCII letters, and nothing else so", () => {
    const hash = new PathHash();
    const seen = new Map<string, string>();
    for (const path of [
      "a",
      "abcd",
      "abcde",
      "abc/d",
      "abcd/e",
      "@",
      "`",
      "[",
      "{",
      "abcdefgh",
      "abcd/efgh",
      "z",
      "Az",
    ]) {
      const key = hashOf(hash, path);
      expect([path, seen.get(key)]).toEqual([path, undefined]);
      seen.set(key, path);
      expect(hashOf(hash, path.toUpperCase())).toBe(key);
      expect(hashOf(hash, `${path}/`)).toBe(key);
      hashOf(hash, `${path}/x`);
      expect(`${hash.hashes[hash.depth - 1]} ${hash.sums[hash.depth - 1]}`).toBe(key);
    }
  });
});

function hashOf(hash: PathHash, path: string): string {
  const bytes = encoder.encode(`PKPK${path}`);
  hash.take(viewOf(bytes), 4, bytes.length);
  return `${hash.hash} ${hash.sum}`;
}

function pathsOf(length: number): string[] {
  if (length === 0) return [""];
  return pathsOf(length - 1).flatMap((path) =>
    path.length < length - 1 ? [path] : [path, ...ALPHABET.map((c) => path + c)],
  );
}
