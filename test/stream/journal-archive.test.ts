import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { v7 as uuid } from "uuid";
import { describe, expect, test } from "vitest";
import { Archive } from "../../src/stream/journal/archive.ts";
import { JOURNAL_SCHEMA, Journal } from "../../src/stream/journal/journal.ts";
import { applySchema } from "../../src/objects/object-schema.ts";
import {
  MAX_READS,
  VOLUME_SCHEMA,
  type VolumeBucket,
  VolumeLostError,
  Volumes,
} from "../../src/stream/journal/volumes.ts";
import { inObject } from "./object.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const linesOf = (...entries: string[]) => encoder.encode(entries.map((entry) => `${entry}\n`).join(""));

const TAGS = ["a", "b", "c"];
type Entry = [seq: number, tag: string, text: string];

/** The bucket, of which single calls can be made to fail, before or after they have done their work, and are counted. */
class FaultyBucket implements VolumeBucket {
  readonly calls: string[] = [];
  fault: { call: string; when: "before" | "after" } | undefined;
  /** Called between a call's work and its answer. */
  meanwhile: (call: string) => unknown = () => undefined;

  async #pass<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    const fault = this.fault?.call === call ? this.fault.when : undefined;
    if (fault) this.fault = undefined;
    if (fault === "before") throw new Error("R2 is down");
    const answer = await work();
    await this.meanwhile(call);
    if (fault === "after") throw new Error("R2 is down");
    return answer;
  }

  get: VolumeBucket["get"] = (...args: Parameters<R2Bucket["get"]>) =>
    this.#pass("get", () => env.ARTIFACTS.get(...args));
  put: VolumeBucket["put"] = (...args: Parameters<R2Bucket["put"]>) =>
    this.#pass("put", () => env.ARTIFACTS.put(...args));
  head: VolumeBucket["head"] = (key) => this.#pass("head", () => env.ARTIFACTS.head(key));
  delete: VolumeBucket["delete"] = (keys) => this.#pass("delete", () => env.ARTIFACTS.delete(keys));
}

interface Bench {
  storage: DurableObjectStorage;
  bucket: FaultyBucket;
  prefix: string;
  journal: Journal;
  archive: Archive;
  /** The object as it is put together after its memory was lost. */
  wake: () => Bench;
}

function put(storage: DurableObjectStorage, bucket: FaultyBucket, prefix: string): Bench {
  const volumes = new Volumes(storage.sql, bucket);
  const journal = new Journal(storage.sql, { volumes });
  const archive = new Archive(storage, journal, volumes, bucket);
  return { storage, bucket, prefix, journal, archive, wake: () => put(storage, bucket, prefix) };
}

function withArchive(work: (bench: Bench) => Promise<void>): Promise<void> {
  return inObject(async (storage) => {
    applySchema(storage.sql, [JOURNAL_SCHEMA, VOLUME_SCHEMA]);
    await work(put(storage, new FaultyBucket(), `test/${uuid()}`));
  });
}

/** Everything from `from` on, in pieces of `maxBytes`. */
async function readAll(journal: Journal, tags = TAGS, from = 1, maxBytes = 100_000): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let at = from; at <= journal.tail;) {
    const { segments, next } = await journal.read(at, { tags, maxBytes });
    for (const { first, count, tag, body } of segments) {
      const lines = decoder.decode(body).split("\n").slice(0, -1);
      expect(lines).toHaveLength(count);
      entries.push(...lines.map((line, index): Entry => [first + index, tag, line]));
    }
    expect(next).toBeGreaterThan(at);
    at = next;
  }
  return entries;
}

async function archiveAll({ archive, prefix }: Bench): Promise<number> {
  for (let steps = 1; ; steps += 1) if (!(await archive.step(prefix))) return steps;
}

const keysIn = async ({ prefix }: Bench) => (await env.ARTIFACTS.list({ prefix })).objects.map(({ key }) => key).sort();
const volumeKeys = ({ storage }: Bench) =>
  storage.sql
    .exec<{ key: string }>("SELECT key FROM volumes ORDER BY key")
    .toArray()
    .map(({ key }) => key);

describe("an archived journal", () => {
  test("reads as before, and is JSON lines in the bucket", async () => {
    await withArchive(async (bench) => {
      const { journal, storage } = bench;
      journal.append("a", linesOf('{"n":1}', '{"n":2}'));
      journal.append("b", linesOf('{"n":3}'));
      const before = await readAll(journal);
      expect(await archiveAll(bench)).toBe(1);
      expect(await readAll(journal)).toEqual(before);
      const [key = ""] = await keysIn(bench);
      expect(key).toMatch(/\/0000000000000001-[\da-f-]{36}\.jsonl$/);
      const object = await env.ARTIFACTS.get(key);
      expect(object?.httpMetadata?.contentType).toBe("application/jsonl");
      expect(await object?.text()).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
      expect(storage.sql.exec("SELECT sum(length(body)) AS held FROM journal").one()).toEqual({ held: 0 });
      expect([journal.head, journal.tail]).toEqual([1, 3]);
    });
  });

  test("has few rows and volumes after many small appends, and gives their bytes back to the object", async () => {
    await withArchive(async (bench) => {
      const { journal, storage } = bench;
      storage.transactionSync(() => {
        for (let n = 0; n < 30_000; n += 1)
          journal.append(n % 10_000 === 0 ? "b" : "a", linesOf(`${n} ${"x".repeat(90)}`));
      });
      const held = storage.sql.databaseSize;
      const before = await readAll(journal, TAGS, 1, 1_000_000);
      expect(await archiveAll(bench)).toBe(2);
      expect(volumeKeys(bench)).toHaveLength(2);
      expect(storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM journal").one().n).toBeLessThan(12);
      expect(storage.sql.databaseSize).toBeLessThan(held / 10);
      expect(await readAll(journal, TAGS, 1, 1_000_000)).toEqual(before);
    });
  });

  test("still counts against its limit", async () => {
    await withArchive(async (bench) => {
      const { journal, storage } = bench;
      const large = linesOf("x".repeat(1_000_000));
      const limit = storage.sql.databaseSize + 2_500_000;
      const append = (to: Journal) => () => storage.transactionSync(() => to.append("a", large, limit));
      append(journal)();
      append(journal)();
      expect(append(journal)).toThrow("full");
      await archiveAll(bench);
      expect(append(journal)).toThrow("full");
      expect(append(bench.wake().journal)).toThrow("full");
    });
  });

  test("is stored in volumes of bounded size, an entry of any size whole, and fetched without what lies around", async () => {
    await withArchive(async (bench) => {
      const { journal, bucket } = bench;
      for (let n = 0; n < 12; n += 1) journal.append("a", linesOf(String(n % 10).repeat(1_899_999)));
      const before = await readAll(journal, TAGS, 5);
      expect(await archiveAll(bench)).toBe(3);
      bucket.calls.length = 0;
      expect(await readAll(journal, TAGS, 5)).toEqual(before);
      expect(bucket.calls).toEqual(Array.from({ length: 8 }, () => "get"));
    });
  });

  test("is fetched once for many small rows", async () => {
    await withArchive(async (bench) => {
      const { journal, bucket } = bench;
      for (let n = 0; n < 300; n += 1) journal.append(n % 2 === 0 ? "a" : "b", linesOf(String(n)));
      await archiveAll(bench);
      bucket.calls.length = 0;
      expect(await readAll(journal)).toHaveLength(300);
      expect(bucket.calls).toEqual(["get"]);
    });
  });

  test("is fetched for a few readers at a time, and for all of them in the end, also when some fail", async () => {
    await withArchive(async (bench) => {
      const { journal, bucket } = bench;
      for (let n = 1; n <= 50; n += 1) journal.append("a", linesOf(String(n)));
      await archiveAll(bench);
      bucket.calls.length = 0;
      let [done, most] = [0, 0];
      bucket.meanwhile = async () => {
        most = Math.max(most, bucket.calls.length - done);
        await scheduler.wait(0);
        done += 1;
        if (done % 5 === 0) throw new Error("R2 is down");
      };
      const reads = Array.from({ length: 50 }, (_, n) =>
        readAll(journal, TAGS, n + 1).then(
          (entries) => entries.length === 50 - n,
          () => "failed",
        ),
      );
      const outcomes = await Promise.all(reads);
      expect(most).toBe(MAX_READS);
      expect(outcomes.filter((outcome) => outcome === "failed")).toHaveLength(10);
      expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(40);
      bucket.meanwhile = () => undefined;
      expect(await readAll(journal)).toHaveLength(50);
    });
  });

  test("fails loudly where an object is missing, or another than was put", async () => {
    await withArchive(async (bench) => {
      const { journal } = bench;
      journal.append("a", linesOf("one", "two"));
      await archiveAll(bench);
      const [key = ""] = await keysIn(bench);
      await env.ARTIFACTS.put(key, "eno\nowt\n");
      await expect(readAll(journal)).rejects.toThrow(VolumeLostError);
      await env.ARTIFACTS.delete(key);
      await expect(readAll(journal)).rejects.toThrow(VolumeLostError);
    });
  });
});

describe("a step of the archive", () => {
  const faults = ["put", "head"].flatMap((call) => (["before", "after"] as const).map((when) => ({ call, when })));

  test.each(faults)("that fails $when $call loses nothing and leaves nothing, when it is repeated", async (fault) => {
    await withArchive(async (bench) => {
      bench.journal.append("a", linesOf("one", "two"));
      const before = await readAll(bench.journal);
      bench.bucket.fault = fault;
      await expect(archiveAll(bench)).rejects.toThrow("R2 is down");
      const later = bench.wake();
      expect(await readAll(later.journal)).toEqual(before);
      later.bucket.fault = { call: "delete", when: "before" };
      await expect(archiveAll(later)).rejects.toThrow("R2 is down");
      expect(await archiveAll(later)).toBe(1);
      expect(await readAll(later.journal)).toEqual(before);
      expect(await keysIn(later)).toEqual(volumeKeys(later));
      expect(volumeKeys(later)).toHaveLength(1);
    });
  });

  test("whose commit is lost leaves an object, which the next one deletes", async () => {
    await withArchive(async (bench) => {
      const { journal, bucket, storage } = bench;
      journal.append("a", linesOf("one", "two"));
      bucket.meanwhile = (call) => {
        // As if the object were gone before it could commit: the table it writes to is away.
        if (call === "head") storage.sql.exec("ALTER TABLE volumes RENAME TO away");
      };
      await expect(archiveAll(bench)).rejects.toThrow("volumes");
      storage.sql.exec("ALTER TABLE away RENAME TO volumes");
      bucket.meanwhile = () => undefined;
      const [lost] = await keysIn(bench);
      expect(await archiveAll(bench.wake())).toBe(1);
      expect(await keysIn(bench)).toEqual(volumeKeys(bench));
      expect(await keysIn(bench)).not.toContain(lost);
      expect(await readAll(journal)).toHaveLength(2);
    });
  });

  test("that is taken twice at the same time stores everything once", async () => {
    await withArchive(async (bench) => {
      const { journal, archive, prefix } = bench;
      journal.append("a", linesOf("one", "two"));
      const before = await readAll(journal);
      const other = bench.wake();
      await Promise.all([archive.step(prefix), other.archive.step(prefix), archive.step(prefix)]);
      await archiveAll(bench.wake());
      const after = bench.wake();
      expect(await readAll(after.journal)).toEqual(before);
      expect(await keysIn(after)).toEqual(volumeKeys(after));
      expect(volumeKeys(after)).toHaveLength(1);
    });
  });

  test("does not disturb a read that began before it, nor an append while it goes on", async () => {
    await withArchive(async (bench) => {
      const { journal, bucket } = bench;
      for (let n = 0; n < 20; n += 1) journal.append("a", linesOf(`${n}`));
      const to = journal.tail;
      const first = await journal.read(1, { tags: TAGS, maxBytes: 10, to });
      bucket.meanwhile = (call) => {
        if (call === "put" && journal.tail === 21) journal.append("a", linesOf("later"));
      };
      journal.append("a", linesOf("late"));
      // What stands before and after `to` is one row from here on.
      await archiveAll(bench);
      const lines = first.segments.map(({ body }) => decoder.decode(body));
      for (let at = first.next; at <= to;) {
        const { segments, next } = await journal.read(at, { tags: TAGS, maxBytes: 10, to });
        lines.push(...segments.map(({ body }) => decoder.decode(body)));
        at = next;
      }
      expect(lines.join("")).toBe(Array.from({ length: 20 }, (_, n) => `${n}\n`).join(""));
      expect((await readAll(journal)).slice(20).map(([, , text]) => text)).toEqual(["late", "later"]);
    });
  });
});

describe("a journal that is dropped", () => {
  test("keeps its last line, gives no number twice, and leaves nothing in the bucket", async () => {
    await withArchive(async (bench) => {
      const { journal, archive } = bench;
      journal.append("a", linesOf("one"));
      journal.append("state", linesOf("end"));
      journal.append("a", linesOf("late"));
      await archiveAll(bench);
      journal.append("a", linesOf("later"));
      await archive.drop("state", linesOf("end"));
      expect(await readAll(journal, [...TAGS, "state"], journal.head)).toEqual([[5, "state", "end"]]);
      await archive.drop("state", linesOf("end"));
      expect([journal.head, journal.tail, archive.isDropped]).toEqual([5, 5, true]);
      expect(journal.index.total("a")).toEqual({ entries: 0, bytes: 0 });
      expect(await keysIn(bench)).toEqual([]);
      expect(journal.append("a", linesOf("new"))).toMatchObject({ first: 6 });
    });
  });

  test("is dropped though a step is under way, or the bucket fails", async () => {
    await withArchive(async (bench) => {
      const { journal, archive, bucket, prefix } = bench;
      journal.append("a", linesOf("one", "two"));
      await archiveAll(bench);
      journal.append("a", linesOf("three"));
      let drop: Promise<void> | undefined;
      bucket.meanwhile = (call) => {
        if (call === "put") drop = archive.drop("state", linesOf("end"));
      };
      await archive.step(prefix);
      await drop;
      bucket.meanwhile = () => undefined;
      bucket.fault = { call: "delete", when: "before" };
      await archive.drop("state", linesOf("end")).catch(() => undefined);
      await archive.drop("state", linesOf("end"));
      expect(await readAll(journal, ["state", "a"], journal.head)).toEqual([[4, "state", "end"]]);
      expect(await keysIn(bench)).toEqual([]);
    });
  });
});

describe("readers", () => {
  test("get every entry once and in one order, whatever is appended, archived, lost or broken in between", async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant("append" as const),
          tag: fc.constantFrom(...TAGS),
          entries: fc.array(fc.stringMatching(/^[a-z]{0,30}$/), { minLength: 1, maxLength: 6 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("archive" as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("wake" as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("break" as const),
          fault: fc.record({
            call: fc.constantFrom("put", "head", "delete"),
            when: fc.constantFrom("before" as const, "after" as const),
          }),
        }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant("read" as const),
          reader: fc.nat(3),
          maxBytes: fc.integer({ min: 1, max: 200 }),
        }),
      },
    );
    const query = fc.record({ tags: fc.subarray(TAGS), skipped: fc.nat(40), byte: fc.nat(400) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        query,
        async (steps, { tags, skipped, byte }) => {
          await withArchive(async (first) => {
            let bench = first;
            const model: Entry[] = [];
            const readers = Array.from({ length: 4 }, () => ({ next: 1, seen: [] as Entry[] }));
            for (const action of steps) {
              const { journal } = bench;
              if (action.kind === "append") {
                for (const entry of action.entries) model.push([model.length + 1, action.tag, entry]);
                journal.append(action.tag, linesOf(...action.entries));
              } else if (action.kind === "archive") {
                await bench.archive.step(bench.prefix).catch(() => undefined);
              } else if (action.kind === "wake") {
                bench = bench.wake();
              } else if (action.kind === "break") {
                bench.bucket.fault = action.fault;
              } else {
                const reader = readers[action.reader];
                if (!reader) continue;
                const { segments, next } = await journal.read(reader.next, { tags: TAGS, maxBytes: action.maxBytes });
                for (const { first: seq, tag, body } of segments) {
                  const lines = decoder.decode(body).split("\n").slice(0, -1);
                  reader.seen.push(...lines.map((line, index): Entry => [seq + index, tag, line]));
                }
                reader.next = next;
              }
            }
            bench.bucket.fault = undefined;
            const { journal } = bench;
            for (const { seen, next } of readers) {
              expect([...seen, ...(await readAll(journal, TAGS, next))]).toEqual(model);
            }
            const tagged = model.filter(([, tag]) => tag === "a");
            const file = tagged.map(([, , text]) => `${text}\n`).join("");
            expect(journal.index.total("a")).toEqual({ entries: tagged.length, bytes: file.length });
            expect(journal.index.seek("a", skipped)).toBe(tagged[skipped]?.[0] ?? model.length + 1);
            const place = journal.index.seekByte("a", byte);
            expect(place === undefined).toBe(byte >= file.length);
            const rest = await readAll(journal, ["a"], place?.first ?? journal.tail + 1);
            const text = rest.map(([, , entry]) => `${entry}\n`).join("");
            expect(text.slice(place?.before)).toBe(file.slice(byte));
            expect(await readAll(journal, tags)).toEqual(model.filter(([, tag]) => tags.includes(tag)));
            await archiveAll(bench);
            expect(await keysIn(bench)).toEqual(volumeKeys(bench));
            expect(await readAll(journal)).toEqual(model);
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});
