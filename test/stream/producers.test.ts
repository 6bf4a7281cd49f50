import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_PRODUCERS, PRODUCER_SCHEMA, Producers } from "../../src/stream/journal/producers.ts";
import { applySchema } from "../../src/objects/object-schema.ts";
import { inObject } from "./object.ts";

function withProducers<T>(work: (producers: Producers, storage: DurableObjectStorage) => T): Promise<T> {
  return inObject((storage) => {
    applySchema(storage.sql, [PRODUCER_SCHEMA]);
    return work(new Producers(storage.sql), storage);
  });
}

/** What a producer is to be told that is in `known.epoch` and has `known.next` to come, or was never heard of. */
function expectedVerdict(
  known: { epoch: number; next: number } | undefined,
  { epoch, seq }: { epoch: number; seq: number },
) {
  if (known && epoch < known.epoch) return { ok: false, reason: "stale_epoch", epoch: known.epoch };
  const opensEpoch = known !== undefined && epoch > known.epoch;
  const expected = known && !opensEpoch ? known.next : 0;
  if (seq > expected) return { ok: false, reason: "sequence_gap", expected, received: seq, opensEpoch };
  return { ok: true, duplicate: seq < expected, last: Math.max(seq, expected - 1) };
}

describe("producers", () => {
  test("have their batches taken once each, in order, whatever arrives when", async () => {
    const batch = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      epoch: fc.integer({ min: 0, max: 2 }),
      seq: fc.integer({ min: 0, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 60 }), async (batches) => {
        await withProducers((producers) => {
          const model = new Map<string, { epoch: number; next: number }>();
          for (const [index, { id, epoch, seq }] of batches.entries()) {
            const verdict = expectedVerdict(model.get(id), { epoch, seq });
            expect(producers.judge({ id, epoch, seq })).toEqual(verdict);
            expect(producers.accept({ id, epoch, seq }, index + 1)).toEqual(verdict);
            if (verdict.ok && !verdict.duplicate) model.set(id, { epoch, next: seq + 1 });
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  test("are forgotten when a thousand others have written since", async () => {
    await withProducers((producers, { sql }) => {
      for (let entry = 1; entry <= MAX_PRODUCERS; entry += 1) {
        producers.accept({ id: `p${entry}`, epoch: 0, seq: 0 }, entry);
      }
      producers.accept({ id: "p1", epoch: 0, seq: 1 }, MAX_PRODUCERS + 1);
      producers.accept({ id: "late", epoch: 0, seq: 0 }, MAX_PRODUCERS + 2);
      expect(sql.exec("SELECT count(*) AS known FROM producers").one()).toEqual({ known: MAX_PRODUCERS });
      expect(producers.accept({ id: "p1", epoch: 0, seq: 1 }, 0)).toEqual({ ok: true, duplicate: true, last: 1 });
      expect(producers.accept({ id: "p3", epoch: 0, seq: 0 }, 0)).toEqual({ ok: true, duplicate: true, last: 0 });
      expect(producers.accept({ id: "p2", epoch: 0, seq: 1 }, 0)).toMatchObject({ ok: false, expected: 0 });
    });
  });
});
