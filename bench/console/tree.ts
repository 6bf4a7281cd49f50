/** The page of a version with many files: the tree, its folders, a search. */
import type { CDPSession, Page } from "playwright-core";
import { formatNumber } from "../measure/table.ts";
import { FOLDER, INNER_FOLDER } from "./fill.ts";
import { readMemory } from "./frames.ts";
import type { Row } from "./main.ts";

/** Milliseconds for anything to be shown. */
const SHOWN = { timeout: 60_000 };

/** Milliseconds that it took. */
async function since(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

export async function measureTree(page: Page, devtools: CDPSession, url: string, files: number): Promise<Row[]> {
  const item = (name: string) => page.getByRole("treeitem", { name });
  const begun = performance.now();
  await page.goto(`${url}?tab=files`);
  const shown = await since(() => item(FOLDER).waitFor(SHOWN));
  const opened = await since(async () => {
    await item(FOLDER).click();
    await item("task-000000").waitFor(SHOWN);
  });
  await page.getByText(`${files.toLocaleString("en")} files`, { exact: true }).waitFor(SHOWN);
  const listed = performance.now() - begun;
  const inner = await since(async () => {
    await page.getByRole("tree").evaluate((tree) => tree.scrollTo(0, 100 * 28));
    await item(INNER_FOLDER).click();
    await page.getByRole("treeitem", { level: 3 }).first().waitFor(SHOWN);
  });
  const closed = await since(async () => {
    await page.getByRole("tree").evaluate((tree) => tree.scrollTo(0, 0));
    await item(FOLDER).click();
    await item("task-000000").waitFor({ ...SHOWN, state: "detached" });
  });
  const again = await since(async () => {
    await item(FOLDER).click();
    await item("task-000000").waitFor(SHOWN);
  });
  const found = await since(async () => {
    await page.getByLabel("Find files by a part of their path").fill("task-000777/task");
    await page.getByText("1 file found", { exact: false }).waitFor(SHOWN);
  });
  const { heap, nodes } = await readMemory(devtools, page);
  return [
    ["tree shown", `${formatNumber(shown)} ms`],
    [`folder with ${formatNumber(Math.ceil((files - 2) / 4))} folders opened meanwhile`, `${formatNumber(opened)} ms`],
    ["all files listed", `${formatNumber(listed)} ms`],
    ["a folder in it opened", `${formatNumber(inner)} ms`],
    ["the large one closed, and opened again", `${formatNumber(closed)} ms, ${formatNumber(again)} ms`],
    ["a file found by its path", `${formatNumber(found)} ms`],
    ["memory", `${formatNumber(heap / 1e6)} MB, ${formatNumber(nodes)} nodes`],
  ];
}
