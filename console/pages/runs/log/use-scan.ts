import { useEffect, useRef, useState } from "react";
import { usePlace } from "../../../session/place.tsx";
import type { Filter } from "./filter.ts";
import type { LogPath } from "./log-pages.ts";
import type { ScanFailure, ScanMore, ScanPart, ScanStart } from "./scan-worker.ts";

/** The rows that a scan has found so far. */
export interface Scan {
  count: number;
  startOf: (row: number) => number;
  lengthOf: (row: number) => number;
  kindOf: (row: number) => number;
  levelOf: (row: number) => number;
  timeOf: (row: number) => number;
  scanned: number;
  total: number;
  failure: string | undefined;
}

/** Scans a log with a filter, and what is added to it, as long as it is wanted; undefined before the first answer. */
export function useScan(path: LogPath, filter: Filter, total: number, isWanted: boolean): Scan | undefined {
  const { account, project } = usePlace();
  const worker = useRef<Worker>(undefined);
  const number = useRef(0);
  const [scan, setScan] = useState<Scan>();
  const { task_id, run_id } = path;
  const { text, kind, level } = filter;

  useEffect(() => {
    if (!isWanted) return;
    const made = new Worker(new URL("./scan-worker.ts", import.meta.url), { type: "module", name: "log" });
    worker.current = made;
    return () => {
      made.terminate();
      worker.current = undefined;
    };
  }, [isWanted]);

  useEffect(() => {
    const made = worker.current;
    setScan(undefined);
    if (!made || !isWanted) return;
    const rows = new Rows();
    number.current += 1;
    const own = number.current;
    const take = ({ data }: MessageEvent<ScanPart | ScanFailure>) => {
      if (data.scan !== own) return;
      if (data.type === "failure") setScan((old) => ({ ...(old ?? rows.view(0, 0)), failure: data.message }));
      else {
        rows.add(data);
        setScan(rows.view(data.scanned, data.total));
      }
    };
    made.addEventListener("message", take);
    const start: ScanStart = {
      type: "start",
      scan: own,
      url: location.origin,
      key: account.key,
      project: String(project.number),
      path: { task_id, run_id },
      filter: { text, kind, level },
    };
    made.postMessage(start, []);
    return () => made.removeEventListener("message", take);
  }, [isWanted, account.key, project.number, task_id, run_id, text, kind, level]);

  const scanned = scan?.scanned ?? 0;
  useEffect(() => {
    if (scanned > 0 && total > scanned) worker.current?.postMessage({ type: "more" } satisfies ScanMore, []);
  }, [total, scanned]);

  return isWanted ? scan : undefined;
}

/** Columns of numbers that grow. */
class Rows {
  #count = 0;
  #starts = new Uint32Array(1_024);
  #lengths = new Uint32Array(1_024);
  #kinds = new Uint8Array(1_024);
  #levels = new Uint8Array(1_024);
  #times = new Float64Array(1_024);

  add({ starts, lengths, kinds, levels, times, grown }: ScanPart): void {
    if (grown > 0 && this.#count > 0) this.#lengths[this.#count - 1] = (this.#lengths[this.#count - 1] ?? 0) + grown;
    const wanted = this.#count + starts.length;
    if (wanted > this.#starts.length) this.#grow(wanted * 2);
    this.#starts.set(starts, this.#count);
    this.#lengths.set(lengths, this.#count);
    this.#kinds.set(kinds, this.#count);
    this.#levels.set(levels, this.#count);
    this.#times.set(times, this.#count);
    this.#count = wanted;
  }

  view(scanned: number, total: number): Scan {
    return {
      count: this.#count,
      startOf: (row) => this.#starts[row] ?? 0,
      lengthOf: (row) => this.#lengths[row] ?? 0,
      kindOf: (row) => this.#kinds[row] ?? 0,
      levelOf: (row) => this.#levels[row] ?? 0,
      timeOf: (row) => this.#times[row] ?? Number.NaN,
      scanned,
      total,
      failure: undefined,
    };
  }

  #grow(size: number): void {
    this.#starts = copy(this.#starts, new Uint32Array(size));
    this.#lengths = copy(this.#lengths, new Uint32Array(size));
    this.#kinds = copy(this.#kinds, new Uint8Array(size));
    this.#levels = copy(this.#levels, new Uint8Array(size));
    this.#times = copy(this.#times, new Float64Array(size));
  }
}

function copy<Column extends { set: (from: Column) => void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
