import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JOURNAL_SCHEMA, Journal, type Segment } from "../../src/stream/journal/journal.ts";
import { applySchema, hasSchema } from "../../src/objects/object-schema.ts";
import { inObject } from "./object.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const linesOf = (...entries: string[]) => encoder.encode(entries.map((entry) => `${entry}\n`).join(""));

function withJournal<T>(work: (journal: Journal, storage: DurableObjectStorage) => T): Promise<T> {
  return inObject((storage) => {
    applySchema(storage.sql, [JOURNAL_SCHEMA]);
    return work(new Journal(storage.sql), storage);
  });
}

function entriesOf(segments: Segment[]): [number, string, string][] {
  return segments.flatMap(({ first, count, tag, body }) => {
    const lines = decoder.decode(body).split("\n").slice(0, -1);
    expect(lines).toHaveLength(count);
    return lines.map((line, index): [number, string, string] => [first + index, tag, line]);
  });
}

describe("a journal", () => {
  test("numbers entries from 1 without gaps", async () => {
    await withJournal(async (journal) => {
      expect(journal.tail).toBe(0);
      expect(journal.append("a", linesOf("one", "two"))).toEqual({ first: 1, next: 3 });
      expect(journal.append("b", linesOf("three"))).toEqual({ first: 3, next: 4 });
      expect(journal.append("b", linesOf())).toEqual({ first: 4, next: 4 });
      expect(journal.tail).toBe(3);
      const { segments, next } = await journal.read(1, { tags: ["a", "b"], maxBytes: 1000 });
      expect(next).toBe(4);
      expect(entriesOf(segments)).toEqual([
        [1, "a", "one"],
        [2, "a", "two"],
        [3, "b", "three"],
      ]);
    });
  });

  test("reads any part, by any tags, in pieces of any size, as a plain list would", async () => {
    const appends = fc.array(
      fc.tuple(
        fc.constantFrom("a", "b", "c"),
        fc.array(fc.stringMatching(/^[a-z]{0,30}$/), { minLength: 1, maxLength: 6 }),
      ),
      { maxLength: 12 },
    );
    const asked = fc.record({
      from: fc.integer({ min: 1, max: 40 }),
      tags: fc.subarray(["a", "b", "c"]),
      maxBytes: fc.integer({ min: 1, max: 200 }),
      skipped: fc.integer({ min: 0, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(appends, asked, async (batches, { from, tags, maxBytes, skipped }) => {
        await withJournal(async (journal) => {
          const list: [number, string, string][] = [];
          for (const [tag, entries] of batches) {
            for (const entry of entries) list.push([list.length + 1, tag, entry]);
            journal.append(tag, linesOf(...entries));
          }
          const read: [number, string, string][] = [];
          for (let at = from; at <= journal.tail;) {
            const { segments, next } = await journal.read(at, { tags, maxBytes });
            expect(next).toBeGreaterThan(at);
            const bytes = segments.reduce((sum, { body }) => sum + body.length, 0);
            expect(segments.length <= 1 || bytes <= maxBytes).toBe(true);
            read.push(...entriesOf(segments));
            at = next;
          }
          expect(read).toEqual(list.filter(([seq, tag]) => seq >= from && tags.includes(tag)));
          const tagged = list.filter(([, tag]) => tag === "a");
          expect(journal.index.total("a").entries).toBe(tagged.length);
          expect(journal.index.seek("a", skipped)).toBe(tagged[skipped]?.[0] ?? list.length + 1);
        });
      }),
      { numRuns: 40 },
    );
  });

  test("does not read past the end that it is given", async () => {
    await withJournal(async (journal) => {
      journal.append("a", linesOf("1", "2"));
      const to = journal.tail;
      journal.append("a", linesOf("3"));
      const { segments, next } = await journal.read(1, { tags: ["a"], maxBytes: 1000, to });
      expect(next).toBe(3);
      expect(entriesOf(segments)).toHaveLength(2);
    });
  });

  test("cuts an append into rows of a megabyte, and gives a larger entry its own", async () => {
    await withJournal(async (journal, { sql }) => {
      const entries = [400_000, 400_000, 400_000, 1_899_999, 10].map((bytes, index) => String(index).repeat(bytes));
      journal.append("a", linesOf(...entries));
      const rows = sql.exec("SELECT first_seq, count, bytes, length(body) AS size FROM journal").toArray();
      expect(rows).toEqual([
        { first_seq: 1, count: 2, bytes: 800_002, size: 800_002 },
        { first_seq: 3, count: 1, bytes: 400_001, size: 400_001 },
        { first_seq: 4, count: 1, bytes: 1_900_000, size: 1_900_000 },
        { first_seq: 5, count: 1, bytes: 11, size: 11 },
      ]);
      const { segments, next } = await journal.read(1, { tags: ["a"], maxBytes: 1_300_000 });
      expect(segments).toHaveLength(2);
      expect(next).toBe(4);
    });
  });

  test("refuses an entry that no row can hold, and half a line, and then has nothing of the append", async () => {
    await withJournal((journal, storage) => {
      const append = (lines: Uint8Array) => () => storage.transactionSync(() => journal.append("a", lines));
      const large = linesOf("x".repeat(900_000), "y".repeat(900_000), "z".repeat(1_900_000));
      expect(append(large)).toThrow("larger than 1900000 bytes");
      expect(append(encoder.encode("one\ntwo"))).toThrow("no line end");
      expect(journal.tail).toBe(0);
      expect(append(linesOf("next"))()).toEqual({ first: 1, next: 2 });
    });
  });
});

describe("the schema of an object", () => {
  test("is applied once, and grows by what is appended to its list", async () => {
    await inObject(({ sql }) => {
      expect(hasSchema(sql)).toBe(false);
      const first = { name: "part", steps: ["CREATE TABLE t (a TEXT)", "INSERT INTO t VALUES ('once')"] };
      applySchema(sql, [first]);
      applySchema(sql, [first]);
      expect(hasSchema(sql)).toBe(true);
      applySchema(sql, [{ ...first, steps: [...first.steps, "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'new'"] }]);
      expect(sql.exec("SELECT * FROM t").toArray()).toEqual([{ a: "once", b: "new" }]);
    });
  });
});
