import { ArrowDownToLine, ChevronDown, ChevronUp, Pause } from "lucide-react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import { Button, IconButton } from "../../../ui/button.tsx";
import { Checkbox, FilterSelect, SearchBox } from "../../../ui/fields.tsx";
import { describeCount, plural } from "../../../ui/numbers.ts";
import { EmptyState, ErrorState, LoadingState, messageOf } from "../../../ui/states.tsx";
import { wordsOf } from "../../../ui/status.tsx";
import { KINDS, LEVELS } from "./entry.ts";
import { type Filter, isFiltering, NO_FILTER } from "./filter.ts";
import type { LogPath } from "./log-pages.ts";
import { LogRow, type RowActions } from "./log-row.tsx";
import styles from "./log-view.module.css";
import { Timeline } from "./timeline.tsx";
import type { LiveRun } from "./use-live-run.ts";
import { type Scan, useScan } from "./use-scan.ts";

/** Logs up to so many entries are looked through at once, so that chunks of messages are joined. */
const SCANNED_AT_ONCE = 20_000;
/** Milliseconds without a key stroke after which a search begins. */
const PAUSE_MS = 250;
/** Pixels from the end of the log that still count as its end. */
const NEAR_END = 40;
/** Pixels that a row has before it is measured. */
const ROW_PIXELS = 29;

interface LogViewProps {
  path: LogPath;
  live: LiveRun;
  actions: RowActions;
}

/** The log of a run, live: it follows the end until somebody scrolls up, searches, and filters. */
export function LogView({ path, live, actions }: LogViewProps) {
  const { log, connection } = live;
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [isContext, setIsContext] = useState(true);
  const [follows, setFollows] = useState(connection !== "ended");
  const [match, setMatch] = useState(0);
  const list = useRef<VirtuosoHandle>(null);
  const settled = useSettled(filter);

  const searches = settled.text !== "";
  // With the context, a search marks what it finds; without it, and by kind or level, the rest is left out.
  const keepsAll = isContext && searches && settled.kind === "" && settled.level === "";
  const isSmall = log.total <= SCANNED_AT_ONCE;
  const filtered = useScan(path, settled, log.total, isFiltering(settled));
  const all = useScan(path, NO_FILTER, log.total, log.isLoaded && isSmall && (!isFiltering(settled) || keepsAll));
  const shown: Scan | undefined = isFiltering(settled) && !keepsAll ? filtered : all;
  const isByScan = isFiltering(settled) && !keepsAll ? true : all !== undefined;
  const count = isByScan ? (shown?.count ?? 0) : log.total;
  const looking = isFiltering(settled) ? filtered : shown;

  const jump = useCallback(
    (step: number) => {
      if (!filtered || filtered.count === 0) return;
      const next = (match + step + filtered.count) % filtered.count;
      setMatch(next);
      setFollows(false);
      const index = keepsAll ? rowOf(all, filtered.startOf(next)) : next;
      list.current?.scrollToIndex({ index, align: "center" });
    },
    [filtered, match, keepsAll, all],
  );
  useEffect(() => setMatch(0), [settled]);

  const toEnd = () => {
    setFollows(true);
    list.current?.scrollToIndex({ index: "LAST", align: "end" });
  };
  const onKeys = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
    if (event.key === "End") toEnd();
    else if (event.key === "Home") list.current?.scrollToIndex({ index: 0 });
    else return;
    event.preventDefault();
  };

  const current = keepsAll && filtered && filtered.count > 0 ? filtered.startOf(match) : -1;
  const row = (index: number) => {
    const start = isByScan ? (shown?.startOf(index) ?? 0) : index;
    const length = isByScan ? (shown?.lengthOf(index) ?? 1) : 1;
    const end = start + length;
    const entries = [];
    for (let at = start; at < end; at += 1) entries.push(log.at(at));
    return (
      <LogRow
        index={start}
        entries={entries}
        path={path}
        find={settled.text}
        isCurrent={start <= current && current < end}
        actions={actions}
      />
    );
  };

  return (
    <div className={styles["view"]}>
      <div className={styles["bar"]}>
        <SearchBox
          label="Search the log"
          value={filter.text}
          onChange={(event) => setFilter({ ...filter, text: event.target.value })}
          onKeyDown={(event) => event.key === "Enter" && jump(event.shiftKey ? -1 : 1)}
        />
        {searches && (
          <>
            <span className={styles["count"]} role="status">
              {filtered
                ? `${filtered.count === 0 ? 0 : describeCount(match + 1)} of ${plural(filtered.count, "match", "matches")}`
                : "…"}
            </span>
            <IconButton label="Previous match" onClick={() => jump(-1)}>
              <ChevronUp aria-hidden="true" />
            </IconButton>
            <IconButton label="Next match" onClick={() => jump(1)}>
              <ChevronDown aria-hidden="true" />
            </IconButton>
            {isSmall && (
              <Checkbox
                label="In context"
                checked={isContext}
                onChange={(event) => setIsContext(event.target.checked)}
              />
            )}
          </>
        )}
        <FilterSelect
          label="Kind of entry"
          value={filter.kind}
          onChange={(event) => setFilter({ ...filter, kind: KINDS.find((kind) => kind === event.target.value) ?? "" })}
        >
          <option value="">All kinds</option>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {wordsOf(kind)}
            </option>
          ))}
        </FilterSelect>
        <FilterSelect
          label="Level"
          value={filter.level}
          onChange={(event) =>
            setFilter({ ...filter, level: LEVELS.find((level) => level === event.target.value) ?? "" })
          }
        >
          <option value="">All levels</option>
          {LEVELS.map((level) => (
            <option key={level} value={level}>
              {wordsOf(level)}
            </option>
          ))}
        </FilterSelect>
        <span className={styles["state"]}>
          {looking && looking.scanned < looking.total && <span>Looked through {describeCount(looking.scanned)}</span>}
          <span data-entries={log.total}>{plural(log.total, "entry", "entries")}</span>
          <Button look="quiet" aria-pressed={follows} onClick={() => (follows ? setFollows(false) : toEnd())}>
            {follows ? <Pause aria-hidden="true" /> : <ArrowDownToLine aria-hidden="true" />}
            {follows ? "Pause" : "Follow"}
          </Button>
        </span>
      </div>
      <ConnectionNote live={live} />
      {all && (
        <Timeline
          scan={all}
          onSelect={(index) => (setFollows(false), list.current?.scrollToIndex({ index, align: "start" }))}
        />
      )}
      {shown?.failure !== undefined && <ErrorState error={new Error(shown.failure)} />}
      {!log.isLoaded && log.error === undefined && <LoadingState label="Loading the log" lines={12} />}
      {!log.isLoaded && log.error !== undefined && <ErrorState error={log.error} retry={() => log.refresh()} />}
      {log.isLoaded && log.error !== undefined && (
        <p className={styles["note"]} role="status">
          Some entries could not be read: {messageOf(log.error)} Trying again …
        </p>
      )}
      {log.isLoaded && log.total === 0 && (
        <EmptyState title="Nothing is logged yet">What the agent does and says stands here as it happens.</EmptyState>
      )}
      {isFiltering(settled) &&
        !keepsAll &&
        shown &&
        shown.count === 0 &&
        shown.scanned >= shown.total &&
        log.total > 0 && <EmptyState title="No entry fits" />}
      {count > 0 && (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls is reached by the keyboard
        <div className={styles["list"]} role="log" aria-label="Log" tabIndex={0} onKeyDown={onKeys}>
          <Virtuoso
            ref={list}
            totalCount={count}
            defaultItemHeight={ROW_PIXELS}
            increaseViewportBy={400}
            initialTopMostItemIndex={follows ? { index: "LAST", align: "end" } : 0}
            followOutput={() => (follows ? "auto" : false)}
            atBottomThreshold={NEAR_END}
            atBottomStateChange={(isAtBottom) => isAtBottom && connection !== "ended" && setFollows(true)}
            onWheel={(event) => event.deltaY < 0 && setFollows(false)}
            itemContent={row}
          />
        </div>
      )}
    </div>
  );
}

/** The row that has an entry. */
function rowOf(scan: Scan | undefined, entry: number): number {
  if (!scan) return entry;
  let [low, high] = [0, scan.count - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (scan.startOf(middle) <= entry) low = middle;
    else high = middle - 1;
  }
  return low;
}

function ConnectionNote({ live: { connection, error, reconnect } }: { live: LiveRun }) {
  if (connection === "reconnecting") {
    return (
      <p className={styles["note"]} role="status">
        The connection broke. Connecting again; nothing will be missed.
      </p>
    );
  }
  if (connection !== "failed") return null;
  return (
    <p className={styles["note"]} role="status">
      The run is not followed any more: {error instanceof Error ? error.message : String(error)}{" "}
      <Button onClick={reconnect}>Connect</Button>
    </p>
  );
}

/** The filter, once nobody has typed for a moment. */
function useSettled(filter: Filter): Filter {
  const [text, setText] = useState(filter.text);
  useEffect(() => {
    const timer = setTimeout(() => setText(filter.text.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [filter.text]);
  return useMemo(() => ({ text, kind: filter.kind, level: filter.level }), [text, filter.kind, filter.level]);
}
