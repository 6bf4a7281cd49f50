/** The page of a run with a long log: opening, scrolling, jumping, searching. */
import type { CDPSession, Page } from "playwright-core";
import { summarize } from "../measure/statistics.ts";
import { formatNumber } from "../measure/table.ts";
import { countRare, RARE_TEXT } from "./fill.ts";
import { countFrames, type Frames, readMemory } from "./frames.ts";
import type { Row } from "./main.ts";

/** Milliseconds for anything to be shown. */
const SHOWN = { timeout: 300_000 };
/** Pixels of a frame of somebody who skims: some 3,000 pixels a second. */
const SKIMMING = 50;
const SKIMMING_MS = 6_000;
/** Milliseconds from the first entry to the last one. */
const WHOLE_MS = 15_000;
const JUMPS = 30;

/** What is in the log's list and scrolls. */
const SCROLLER = "[role=log] > [data-virtuoso-scroller]";

export async function measureLog(page: Page, devtools: CDPSession, url: string, entries: number): Promise<Row[]> {
  const begun = performance.now();
  await page.goto(url);
  await page.locator("[data-entry]").first().waitFor(SHOWN);
  const first = performance.now() - begun;
  const opened = await readMemory(devtools, page);
  await page.locator(SCROLLER).evaluate((scroller) => scroller.scrollTo(0, 0));
  await page.locator("[data-entry='0']").waitFor(SHOWN);
  const skimming = await countFrames(page, () => scroll(page, SKIMMING, SKIMMING_MS));
  const height = await page.locator(SCROLLER).evaluate((scroller) => scroller.scrollHeight);
  const whole = await countFrames(page, () => scroll(page, height / (WHOLE_MS / (1_000 / 60)), WHOLE_MS));
  await settle(page);
  const scrolled = await readMemory(devtools, page);
  const waits: number[] = [];
  const jumping = await countFrames(page, async () => {
    for (let jump = 1; jump <= JUMPS; jump += 1) {
      const from = performance.now();
      // Places far from each other, the same in every round.
      const part = (jump * 0.618_034) % 1;
      await page.locator(SCROLLER).evaluate((scroller, to) => scroller.scrollTo(0, to * scroller.scrollHeight), part);
      await settle(page);
      waits.push(performance.now() - from);
    }
  });
  await page.locator("[role=log]").press("End");
  await page.locator(`[data-entry='${entries - 1}']`).waitFor(SHOWN);
  const ended = await readMemory(devtools, page);
  const { seconds, frames } = await search(page, countRare(entries));
  const searched = await readMemory(devtools, page);
  const wait = summarize(waits);
  const memory = ({ heap, nodes }: typeof opened) => `${formatNumber(heap / 1e6)} MB, ${formatNumber(nodes)} nodes`;
  return [
    ["first entries shown", `${formatNumber(first)} ms`],
    [`skimming, ${SKIMMING} pixels a frame for ${SKIMMING_MS / 1_000} s`, describe(skimming)],
    [`all entries from top to bottom in ${WHOLE_MS / 1_000} s`, describe(whole)],
    [`${JUMPS} jumps`, describe(jumping)],
    ["a jump until its entries are shown", `${formatNumber(wait.median)} ms, at most ${formatNumber(wait.most)} ms`],
    ["memory when opened", memory(opened)],
    ["memory after scrolling", memory(scrolled)],
    ["memory at the end", memory(ended)],
    ["a search through all entries", `${formatNumber(seconds)} s, ${describe(frames)}`],
    ["memory after the search", memory(searched)],
  ];
}

/** Scrolls down by so many pixels a frame of 1/60 s, by the clock: a frame that is late moves further. */
async function scroll(page: Page, pixels: number, milliseconds: number): Promise<void> {
  await page.locator(SCROLLER).evaluate(
    (scroller, { speed, whole }) =>
      new Promise<void>((done) => {
        const begun = performance.now();
        const top = scroller.scrollTop;
        const step = (now: number) => {
          scroller.scrollTop = top + Math.max(0, now - begun) * speed;
          if (now - begun < whole) requestAnimationFrame(step);
          else done();
        };
        requestAnimationFrame(step);
      }),
    { speed: (pixels * 60) / 1_000, whole: milliseconds },
  );
}

/** Waits until what is in sight are entries and no places of entries. */
async function settle(page: Page): Promise<void> {
  await page.waitForFunction(
    (selector) => {
      const frame = document.querySelector(selector)?.getBoundingClientRect();
      const rows = [...document.querySelectorAll(`${selector} [data-item-index]`)].filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return frame !== undefined && bottom > frame.top && top < frame.bottom;
      });
      return rows.length > 0 && rows.every((row) => row.querySelector("[data-entry]") !== null);
    },
    SCROLLER,
    SHOWN,
  );
}

async function search(page: Page, matches: number): Promise<{ seconds: number; frames: Frames }> {
  let seconds = 0;
  const frames = await countFrames(page, async () => {
    const begun = performance.now();
    await page.getByLabel("Search the log").fill(RARE_TEXT);
    await page.getByText(new RegExp(`^1 of ${matches} match`)).waitFor(SHOWN);
    seconds = (performance.now() - begun) / 1_000;
  });
  return { seconds, frames };
}

const describe = ({ perSecond, p95, longest }: Frames): string =>
  `${formatNumber(perSecond)} frames a second, 95% within ${formatNumber(p95)} ms, longest ${formatNumber(longest)} ms`;
