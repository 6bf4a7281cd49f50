import type { Order } from "./load/process.ts";
import type { Target } from "./target.ts";

/** What one figure of a measurement is, and whether more of it is better. */
export interface Metric {
  readonly key: string;
  readonly unit: string;
  readonly isRate: boolean;
}

/** One line of load that every system gets in every round. */
export interface Cell {
  readonly id: string;
  readonly group: Group;
  readonly label: string;
  readonly order: Omit<Order, "target">;
  readonly metrics: readonly Metric[];
  /** Systems that take part; all, unless it says otherwise. */
  readonly isFor: (target: Target) => boolean;
  /** Rounds at most. */
  readonly rounds: number;
}

export const GROUPS = ["append", "flood", "fan-out", "catch-up", "million", "storm", "slow"] as const;
export type Group = (typeof GROUPS)[number];

const APPEND_MS = 600;
const FLOOD_MS = 1_000;
const FAN_OUT_MS = 1_500;
const EVENTS_PER_SECOND = 50;
/** Entries that readers catch up on, and how many appends of a hundred a reader in a storm has missed at most. */
const HISTORY = 20_000;
const STORM_APPENDS = 20;
const LARGE_HISTORY = 1_000_000;
/** 20 MB, which ten slow readers have before them. */
const SLOW_HISTORY = 100_000;
const SLOW_MS = 2_000;
export const SLOW_READERS = 10;

const p50: Metric = { key: "p50", unit: "p50 ms", isRate: false };
const p99: Metric = { key: "p99", unit: "p99 ms", isRate: false };
const milliseconds: Metric = { key: "milliseconds", unit: "ms", isRate: false };

const everyone = (): boolean => true;
const oursOnly = ({ kind }: Target): boolean => kind === "taskyard";
/** The file store of Durable Streams keeps some 13 events a second with a hundred subscribers: beyond, nothing compares. */
const withoutFiles = ({ name }: Target): boolean => name !== DURABLE_FILES;
/** The bare object follows from the start or the end, and knows no offsets between. */
const withOffsets = ({ kind }: Target): boolean => kind !== "bare";

export const REDIS = "Redis + SSE";
export const REDIS_DUTIES = "Redis + SSE, same duties";
export const BARE = "bare object";
export const DURABLE_FILES = "Durable Streams, files";
export const DURABLE_MEMORY = "Durable Streams, memory";

function appendCell(perRequest: number, streams: number): Cell {
  return {
    id: `append-${perRequest}-${streams}`,
    group: "append",
    label: `${perRequest.toLocaleString("en")} a request, ${streams === 1 ? "1 run" : `${streams} runs`}`,
    order: { name: "append", shape: { perRequest, streams, milliseconds: APPEND_MS } },
    metrics: [{ key: "entriesPerSecond", unit: "entries/s", isRate: true }, p50],
    isFor: everyone,
    rounds: Infinity,
  };
}

function floodCell(perRequest: number, transport: "events" | "socket"): Cell {
  return {
    id: `flood-${perRequest}-${transport}`,
    group: "flood",
    label: `100 subscribers, ${perRequest} an append${suffix(transport)}`,
    order: { name: "flood", shape: { subscribers: 100, perRequest, transport, milliseconds: FLOOD_MS } },
    metrics: [{ key: "deliveredPerSecond", unit: "delivered/s", isRate: true }, p50],
    isFor: transport === "socket" ? oursOnly : everyone,
    rounds: Infinity,
  };
}

function fanOutCell(subscribers: number, transport: "events" | "socket"): Cell {
  const shape = { subscribers, transport, perSecond: EVENTS_PER_SECOND, milliseconds: FAN_OUT_MS };
  return {
    id: `fan-out-${subscribers}-${transport}`,
    group: "fan-out",
    label: `${subscribers.toLocaleString("en")} subscribers${suffix(transport)}`,
    order: { name: "fanOut", shape },
    metrics: [{ key: "kept", unit: "events/s kept", isRate: true }, p50, p99],
    isFor: transport === "socket" ? oursOnly : subscribers > 100 ? withoutFiles : everyone,
    rounds: Infinity,
  };
}

const suffix = (transport: "events" | "socket"): string => (transport === "socket" ? ", WebSocket" : "");

function catchUpCell(group: Group, entries: number, readers: number, rounds: number): Cell {
  return {
    id: `catch-up-${entries}-${readers}`,
    group,
    label: `${entries.toLocaleString("en")} entries, ${readers === 1 ? "1 reader" : `${readers} readers`}`,
    order: { name: "catchUp", shape: { entries, readers } },
    metrics: [milliseconds],
    isFor: everyone,
    rounds,
  };
}

function slowCell(slow: number): Cell {
  const shape = { slow, fast: 100, entries: SLOW_HISTORY, perSecond: EVENTS_PER_SECOND, milliseconds: SLOW_MS };
  const memory: Metric = { key: "memory", unit: "MB held for a slow one", isRate: false };
  return {
    id: `slow-${slow}`,
    group: "slow",
    label: slow === 0 ? "100 fast readers alone" : `100 fast readers beside ${slow} at 1 KB/s`,
    order: { name: "slowReader", shape },
    metrics: slow === 0 ? [p50, p99] : [p50, p99, memory],
    isFor: (target) => withoutFiles(target) && withOffsets(target),
    rounds: Infinity,
  };
}

export const CELLS: readonly Cell[] = [
  ...[1, 16].flatMap((streams) => [1, 100, 1_000].map((perRequest) => appendCell(perRequest, streams))),
  ...[10, 100].flatMap((perRequest) => [floodCell(perRequest, "events"), floodCell(perRequest, "socket")]),
  ...[1, 100, 500, 1_000].flatMap((readers) => [fanOutCell(readers, "events"), fanOutCell(readers, "socket")]),
  catchUpCell("catch-up", HISTORY, 1, Infinity),
  catchUpCell("catch-up", HISTORY, 20, Infinity),
  {
    id: "log",
    group: "catch-up",
    label: `${HISTORY.toLocaleString("en")} entries, one GET of the log`,
    order: { name: "log", shape: HISTORY },
    metrics: [{ key: "megabytesPerSecond", unit: "MB/s", isRate: true }],
    isFor: ({ kind }) => kind !== "redis",
    rounds: Infinity,
  },
  catchUpCell("million", LARGE_HISTORY, 1, 3),
  {
    id: "storm",
    group: "storm",
    label: "1,000 readers drop and resume at random offsets",
    order: { name: "storm", shape: { entries: HISTORY, readers: 1_000, lastAppends: STORM_APPENDS } },
    metrics: [milliseconds],
    isFor: withOffsets,
    rounds: 5,
  },
  slowCell(0),
  slowCell(SLOW_READERS),
];
