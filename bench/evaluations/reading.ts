import { callApi } from "../../scripts/api-client.ts";
import { summarize } from "../measure/statistics.ts";
import { formatNumber } from "../measure/table.ts";
import type { Evaluated } from "./bench.ts";

/** How often each is read: the median counts. */
const ROUNDS = 5;

/** How long it takes to read an evaluation that has ended, in each of the ways that there are. */
export async function readAll({ access, path, items }: Evaluated): Promise<string[][]> {
  const last = Math.ceil(items / 100);
  const ways: [string, string][] = [
    ["the evaluation with all numbers", path],
    ["100 items, the first page", `${path}/items?limit=100`],
    ["100 items, the last page", `${path}/items?limit=100&page=${last}`],
    ["100 items of one status", `${path}/items?limit=100&item_status=failed&page=${last}`],
    ["the list of evaluations", path.replace(/\/[^/]+$/, "")],
    ["all events, from the first to the end", `${path}/events`],
    ["export as JSON lines", `${path}/export?format=jsonl`],
    ["export as CSV", `${path}/export?format=csv`],
    ["export as Harbor's folder", `${path}/export?format=harbor`],
  ];
  const rows: string[][] = [];
  for (const [name, way] of ways) {
    const times: number[] = [];
    let bytes = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const answer = await callApi(access, { method: "GET", path: way, expect: 200 });
      times.push(answer.milliseconds);
      bytes = answer.body.length;
    }
    rows.push([name, formatNumber(summarize(times).median), formatNumber(bytes / 1000)]);
  }
  return rows;
}
