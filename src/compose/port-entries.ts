import { asMapping } from "../yaml/parse-yaml.ts";

/** Entries of one service that are looked at: checking them against `ports` of task.yaml stays cheap. */
const MAX_PORT_ENTRIES = 100;

type Range = readonly [first: number, last: number];

/** One entry of `ports` or `expose`: its published and its own ports, either of which task.yaml may name. */
export interface PortEntry {
  spelled: string;
  /** The service's own ports, last, after those that it is published at. */
  ranges: readonly Range[];
  /** Whether connections can be made to it. */
  isTcp: boolean;
}

/** What a service of a compose file publishes and exposes. */
export function portEntries(service: Readonly<Record<string, unknown>>): PortEntry[] {
  const entries = [...asList(service["ports"]), ...asList(service["expose"])].slice(0, MAX_PORT_ENTRIES);
  return entries.map((entry) => {
    const long = asMapping(entry);
    const parts = long ? [long["published"], long["target"]].filter((part) => part !== undefined) : [entry];
    const spelled = parts.map(String).join(":");
    const ranges = spelled
      .replace(/\/[a-z]+$/, "")
      .split(":")
      .flatMap(parseRange);
    return { spelled, ranges, isTcp: !spelled.endsWith("/udp") && long?.["protocol"] !== "udp" };
  });
}

/** Whether an entry has this port, published or the service's own. */
export function exposes({ ranges }: PortEntry, port: number): boolean {
  return ranges.some(([first, last]) => first <= port && port <= last);
}

/** The service's own port behind one that task.yaml names, with its entry; undefined where none of them has it. */
export function ownPort(entries: readonly PortEntry[], port: number): { port: number; isTcp: boolean } | undefined {
  const own = entries.find(({ ranges }) => isIn(ranges.at(-1), port));
  if (own) return { port, isTcp: own.isTcp };
  for (const { ranges, isTcp } of entries) {
    const [published, target] = [ranges.at(-2), ranges.at(-1)];
    if (published && target && isIn(published, port)) return { port: target[0] + port - published[0], isTcp };
  }
  return undefined;
}

function isIn(range: Range | undefined, port: number): boolean {
  return range !== undefined && range[0] <= port && port <= range[1];
}

/** `80` or `8000-8010`; an address is neither, and no range. */
function parseRange(spelled: string): Range[] {
  const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(spelled) ?? [];
  return first === undefined ? [] : [[Number(first), Number(last ?? first)]];
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
