/** A system to measure, as the load generator reaches it. */
export interface Target {
  readonly kind: "taskyard" | "redis" | "durable-streams";
  /** How tables call it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Ours alone: an API key, and the task that runs are made for. */
  readonly key?: string;
  readonly task?: string;
}
