import type { Target } from "../target.ts";
import { type Protocol, protocolOf } from "./protocols.ts";
import { Writer } from "./writer.ts";

/** A stream that was filled before it is measured, and that stays for all rounds. */
export interface History {
  readonly protocol: Protocol;
  readonly writer: Writer;
  /** Places to go on from: the number of an entry, and the offset after it. */
  readonly places: readonly { last: number; offset: string }[];
}

const known = new Map<string, Promise<History>>();

/** A target's stream of `entries` entries under this name, filled when it is first asked for. */
export function historyOf(target: Target, name: string, entries: number, perRequest: number): Promise<History> {
  const key = `${target.name} ${name}`;
  const history = known.get(key) ?? fill(target, entries, perRequest);
  known.set(key, history);
  return history;
}

async function fill(target: Target, entries: number, perRequest: number): Promise<History> {
  const protocol = protocolOf(target);
  const writer = new Writer(target, protocol, await protocol.create());
  const places: { last: number; offset: string }[] = [];
  while (writer.last < entries) {
    await writer.append(Math.min(perRequest, entries - writer.last));
    places.push({ last: writer.last, offset: writer.offset });
  }
  return { protocol, writer, places };
}
