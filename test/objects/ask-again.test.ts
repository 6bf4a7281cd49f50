import { describe, expect, test } from "vitest";
import { askAgain } from "../../src/objects/ask-again.ts";

/** A call that fails with these marks so many times, and counts how often it is made. */
function failing(marks: object, times: number) {
  const asked: number[] = [];
  const ask = async () => {
    asked.push(Date.now());
    if (asked.length <= times) throw Object.assign(new Error("lost"), marks);
    return "answered";
  };
  return { ask, asked };
}

describe("a call of an object", () => {
  test("is made again when the platform says that it may be", async () => {
    const { ask, asked } = failing({ retryable: true }, 2);
    expect(await askAgain(ask)).toBe("answered");
    expect(asked).toHaveLength(3);
  });

  test("is made again when the object was reset under it", async () => {
    const { ask, asked } = failing({ remote: true, durableObjectReset: true }, 1);
    expect(await askAgain(ask)).toBe("answered");
    expect(asked).toHaveLength(2);
  });

  test("is made with growing pauses, and not for ever", async () => {
    const { ask, asked } = failing({ retryable: true }, 100);
    await expect(askAgain(ask)).rejects.toThrow("lost");
    expect(asked).toHaveLength(4);
    // The shortest pauses there can be: 50, 100 and 200 ms, less what the clock rounds away.
    expect((asked[3] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(340);
  });

  test.for([
    {},
    { retryable: false },
    { retryable: true, overloaded: true },
    { remote: true },
    { durableObjectReset: true, overloaded: true },
  ])("is made once when its error is marked %j", async (marks) => {
    const { ask, asked } = failing(marks, 1);
    await expect(askAgain(ask)).rejects.toThrow("lost");
    expect(asked).toHaveLength(1);
  });
});
