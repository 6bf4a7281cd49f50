/** What a browser tells of itself: frames, memory, nodes. */
import type { CDPSession, Page } from "playwright-core";
import { z } from "zod";

/** Frames of a piece of time, as `requestAnimationFrame` was called. Milliseconds, but for `perSecond`. */
export interface Frames {
  perSecond: number;
  p95: number;
  longest: number;
}

export interface Memory {
  /** Bytes of JavaScript objects, after a collection. */
  heap: number;
  /** Elements and texts of the document. */
  nodes: number;
}

const numbers = z.array(z.number());

/** Counts the page's frames while `work` goes on. */
export async function countFrames(page: Page, work: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const deltas: number[] = [];
    let last = performance.now();
    let isOn = true;
    const tick = (now: number) => {
      deltas.push(now - last);
      last = now;
      if (isOn) requestAnimationFrame(tick);
    };
    requestAnimationFrame((now) => {
      last = now;
      requestAnimationFrame(tick);
    });
    Reflect.set(window, "endOfFrames", () => {
      isOn = false;
      return deltas;
    });
  });
  await work();
  const deltas = numbers.parse(await page.evaluate("endOfFrames()"));
  const sorted = deltas.toSorted((a, b) => a - b);
  const whole = deltas.reduce((sum, delta) => sum + delta, 0);
  return {
    perSecond: (deltas.length * 1_000) / whole,
    p95: sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN,
    longest: sorted.at(-1) ?? Number.NaN,
  };
}

const metrics = z.object({ metrics: z.array(z.object({ name: z.string(), value: z.number() })) });

/** Memory of the page, after its garbage is collected. */
export async function readMemory(devtools: CDPSession, page: Page): Promise<Memory> {
  await devtools.send("HeapProfiler.collectGarbage");
  const read = metrics.parse(await devtools.send("Performance.getMetrics"));
  const heap = read.metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? Number.NaN;
  const nodes = await page.evaluate(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    let count = 0;
    while (walker.nextNode()) count += 1;
    return count;
  });
  return { heap, nodes };
}
