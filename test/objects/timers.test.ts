import { describe, expect, test } from "vitest";
import { applySchema } from "../../src/objects/object-schema.ts";
import { TIMER_SCHEMA, Timers } from "../../src/objects/timers.ts";
import { inObject } from "../stream/object.ts";

const FUTURE = Date.now() + 3_600_000;

function withTimers<T>(work: (timers: Timers<"a" | "b" | "c">, storage: DurableObjectStorage) => T): Promise<T> {
  return inObject((storage) => {
    applySchema(storage.sql, [TIMER_SCHEMA]);
    return work(new Timers(storage), storage);
  });
}

describe("timers", () => {
  test("share one alarm, which is set to the earliest", async () => {
    await withTimers(async (timers, storage) => {
      timers.set("a", FUTURE + 2000);
      timers.set("b", FUTURE + 1000);
      await timers.arm();
      expect(await storage.getAlarm()).toBe(FUTURE + 1000);
      timers.set("b", FUTURE + 3000);
      await timers.arm();
      expect(await storage.getAlarm()).toBe(FUTURE + 2000);
      timers.clear("a");
      timers.clear("c");
      await timers.arm();
      expect(await storage.getAlarm()).toBe(FUTURE + 3000);
      expect([timers.has("a"), timers.has("b")]).toEqual([false, true]);
      timers.clear("b");
      await timers.arm();
      expect(await storage.getAlarm()).toBeNull();
    });
  });

  test("are due in their order, and again until they are cleared", async () => {
    await withTimers((timers) => {
      expect(timers.due(FUTURE)).toEqual([]);
      timers.set("c", 10);
      timers.set("a", 20);
      timers.set("b", 30);
      expect(timers.due(20)).toEqual(["c", "a"]);
      timers.clear("c");
      expect(timers.due(20)).toEqual(["a"]);
      expect(timers.due(20)).toEqual(["a"]);
    });
  });

  test("are due though the clock went back after they were set", async () => {
    await withTimers((timers) => {
      timers.set("a", FUTURE);
      timers.set("b", FUTURE + 1);
      expect(timers.due(0)).toEqual(["a"]);
    });
  });
});
