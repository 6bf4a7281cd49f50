/** A system to measure, as the load generator reaches it. */
export interface Target {
  readonly kind: "taskyard" | "redis" | "durable-streams" | "bare";
  /** How tables call it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The API key of a system that asks for one. */
  readonly key?: string;
  /** Ours alone: the task that runs are made for. */
  readonly task?: string;
}
