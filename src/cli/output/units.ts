/** Numbers as people read them. */

const UNITS = ["kB", "MB", "GB", "TB"] as const;
const THOUSAND = 1_000;

/** Bytes in steps of a thousand, such as `12.3 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < THOUSAND) return `${Math.round(bytes)} B`;
  let value = bytes;
  let unit = -1;
  // 999,950 bytes would be rounded to 1000.0 kB.
  while (value >= THOUSAND - 0.05 && unit < UNITS.length - 1) {
    value /= THOUSAND;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** Seconds as `0:07`, `12:05` or `1:02:09`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Milliseconds as `640 ms`, `12.5 s`, `3m 20s` or `2h 5m`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3_600)}h ${Math.floor((whole % 3_600) / 60)}m`;
}

/** How long ago a time is, such as `5m ago`; `in 5m` where it is to come. */
export function formatAge(time: string | null | undefined, now = Date.now()): string {
  if (!time) return "–";
  const seconds = (now - Date.parse(time)) / 1_000;
  const text = coarse(Math.abs(seconds));
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

function coarse(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A rate from 0 to 1 as `67%`; a dash for what is not known. */
export function formatPercent(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : `${Math.round(value * 100)}%`;
}

/** `1 item`, `3 items`. */
export function plural(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
