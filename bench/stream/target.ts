/** A system to measure, as the load generator reaches it. */
export interface Target {
  readonly kind: "taskyard" | "redis" | "durable-streams" | "bare";
  /** How tables call it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** An API key, for those that look it up, and for ours the task that runs are made for. */
  readonly key?: string;
  readonly task?: string;
}
