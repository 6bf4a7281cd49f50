import { useSyncExternalStore } from "react";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const SHORT_DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, SECOND);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time in milliseconds, rounded down to `step`: a component is drawn again only when that changes. */
export function useNow(step: number = SECOND): number {
  return useSyncExternalStore(
    subscribe,
    () => Math.floor((listeners.size > 0 ? now : (now = Date.now())) / step) * step,
  );
}

/** How long ago something was, and when exactly as its tooltip. */
export function TimeAgo({ time }: { time: string }) {
  const at = Date.parse(time);
  const current = useNow(Date.now() - at < MINUTE ? SECOND : 10 * SECOND);
  return (
    <time dateTime={time} title={DATE.format(at)}>
      {describeAge(at, current)}
    </time>
  );
}

/** A duration that goes on while there is no end. */
export function Duration({ from, to }: { from: string; to: string | null }) {
  const current = useNow();
  const end = to === null ? Math.max(current, Date.parse(from)) : Date.parse(to);
  return <span>{describeDuration(end - Date.parse(from))}</span>;
}

/** What is left until a time; `0 s` when it has passed. */
export function Countdown({ to }: { to: string }) {
  const current = useNow();
  return <span title={DATE.format(Date.parse(to))}>{describeDuration(Math.max(0, Date.parse(to) - current))}</span>;
}

export function describeAge(at: number, current: number): string {
  const age = Math.max(0, current - at);
  if (age < 5 * SECOND) return "just now";
  if (age < MINUTE) return `${Math.floor(age / SECOND)} s ago`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`;
  if (age < 30 * DAY) return `${Math.floor(age / DAY)} d ago`;
  return SHORT_DATE.format(at);
}

/** A duration in at most two units: `850 ms`, `4.2 s`, `3 min 12 s`, `2 h 5 min`. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 10 * SECOND) return `${(milliseconds / SECOND).toFixed(1)} s`;
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)} s`;
  if (milliseconds < HOUR)
    return `${Math.floor(milliseconds / MINUTE)} min ${Math.floor((milliseconds % MINUTE) / SECOND)} s`;
  if (milliseconds < DAY)
    return `${Math.floor(milliseconds / HOUR)} h ${Math.floor((milliseconds % HOUR) / MINUTE)} min`;
  return `${Math.floor(milliseconds / DAY)} d ${Math.floor((milliseconds % DAY) / HOUR)} h`;
}
