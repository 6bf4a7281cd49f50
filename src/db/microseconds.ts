/** Microseconds since 1970 in UTC: what agent tasks and runs store as times. */
export function currentMicroseconds(): number {
  return Date.now() * 1000;
}

/** Microseconds as model fields show them: `YYYY-MM-DDTHH:MM:SS.ffffffZ` (agent-tasks 1.1 "Dates"). */
export function toWireTime(microseconds: number): string {
  const toMilliseconds = new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, -1);
  return `${toMilliseconds}${String(microseconds % 1000).padStart(3, "0")}Z`;
}
