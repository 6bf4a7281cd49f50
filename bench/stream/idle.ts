import { join } from "node:path";
import { formatNumber, formatTable } from "../measure/table.ts";
import { processorMilliseconds, residentBytes } from "./process-facts.ts";
import type { SingleContext } from "./single-context.ts";
import { startTaskyard } from "./systems.ts";

const CONNECTIONS = 1_000;
/** An object that nothing keeps awake hibernates after ten seconds. */
const SETTLE_MS = 13_000;
const WATCH_MS = 5_000;
/** What the Worker of this measurement prints when an object of a run is put together. */
const CONSTRUCTED = "the object of a run was constructed";

/**
 * What a run costs while a thousand WebSockets watch it and nothing happens, beside as many readers of server-sent events:
 * processor time, memory, and whether the object had gone to sleep, which shows when it is constructed again to deliver.
 */
export async function printIdle({ load, folder, script, signal }: SingleContext): Promise<void> {
  const rows: string[][] = [];
  for (const transport of ["socket", "events"] as const) {
    const system = await startTaskyard(script, join(folder, `idle-${transport}`), signal, {
      announcement: CONSTRUCTED,
    });
    try {
      let constructed = 0;
      system.onLine((line) => (constructed += line.includes(CONSTRUCTED) ? 1 : 0));
      const looks: { processor: number; memory: number; constructed: number }[] = [];
      const shape = { subscribers: CONNECTIONS, transport, settleMs: SETTLE_MS, watchMs: WATCH_MS };
      const { p50, last } = await load.measure("idle", system.target, shape, async () => {
        const [processor, memory] = await Promise.all([
          processorMilliseconds(system.server),
          residentBytes(system.server),
        ]);
        looks.push({ processor, memory, constructed });
      });
      const [before, begin, end] = looks;
      if (before === undefined || begin === undefined || end === undefined) continue;
      rows.push([
        transport === "socket" ? "WebSocket" : "SSE",
        formatNumber((end.processor - begin.processor) / (WATCH_MS / 1000)),
        formatNumber((end.memory - before.memory) / 1000 / CONNECTIONS),
        formatNumber(constructed - end.constructed),
        formatNumber(p50),
        formatNumber(last),
      ]);
    } finally {
      await system.stop();
    }
  }
  const header = [
    `${CONNECTIONS.toLocaleString("en")} connections`,
    "processor ms a second while idle",
    "KB of the process for each",
    "constructed to deliver",
    "next entry: p50 ms",
    "last one ms",
  ];
  console.log(`\n### Idle\n\n${formatTable(header, rows)}`);
}
