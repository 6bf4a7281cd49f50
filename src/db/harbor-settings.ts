/** `[environment.healthcheck]`; times in seconds. */
export interface HarborHealthcheck {
  command: string;
  interval_sec: number;
  timeout_sec: number;
  start_period_sec: number;
  start_interval_sec: number;
  retries: number;
}

/** What a version in Harbor's format asks of whoever runs it, as it is stored (evaluations 3). */
export interface HarborSettings {
  /** Where its machine comes from; `none` where the task says nothing of it. */
  image: { kind: "dockerfile" | "compose" | "none" } | { kind: "image"; name: string };
  environment: {
    build_timeout_sec: number;
    cpus: number;
    memory_mb: number;
    storage_mb: number;
    gpus: number;
    network: boolean;
    env: Record<string, string>;
    workdir: string | null;
    os: string | null;
    /** Null where there is none; left out of older versions, which name it in `also` and are run by nobody. */
    healthcheck?: HarborHealthcheck | null;
    /** Keys of `[environment]` besides these that only a container can have. */
    also: string[];
  };
  verifier: { timeout_sec: number; env: Record<string, string>; user: string | null };
  agent: { timeout_sec: number; user: string | null };
  solution: { env: Record<string, string> };
}

/** Seconds until such a healthcheck has passed or failed, at most. */
export function longestHealthSeconds(check: HarborHealthcheck): number {
  const { interval_sec: interval, timeout_sec: timeout, retries } = check;
  // A try that begins at the end of the period in which none counts, and the pause after it.
  const uncounted = check.start_period_sec > 0 ? check.start_period_sec + timeout + check.start_interval_sec : 0;
  return uncounted + retries * timeout + (retries - 1) * interval;
}
