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
    /** Keys of `[environment]` besides these that only a container can have. */
    also: string[];
  };
  verifier: { timeout_sec: number; env: Record<string, string>; user: string | null };
  agent: { timeout_sec: number; user: string | null };
  solution: { env: Record<string, string> };
}
