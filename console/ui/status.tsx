import styles from "./status.module.css";

export type Tone = "good" | "warn" | "bad" | "busy" | "idle";

/** The tone of every status that runs, environments, evaluations, items, runners and deliveries have. */
const TONES: Readonly<Record<string, Tone>> = {
  completed: "good",
  passed: "good",
  ready: "good",
  running: "busy",
  delivered: "good",
  active: "good",
  online: "good",
  exited: "good",
  succeeded: "good",
  in_progress: "busy",
  provisioning: "busy",
  building: "busy",
  claiming: "busy",
  agent_running: "busy",
  agent_finished: "busy",
  verifying: "busy",
  starting: "busy",
  delivering: "busy",
  failed: "bad",
  error: "bad",
  lost: "bad",
  infra_error: "warn",
  timed_out: "warn",
  partial: "warn",
  expired: "idle",
  killed: "warn",
  suspended: "warn",
};

export function toneOf(status: string): Tone {
  return TONES[status] ?? "idle";
}

/** A status in words, with a mark whose form and colour tell it too. */
export function StatusBadge({ status, tone = toneOf(status) }: { status: string; tone?: Tone }) {
  return (
    <span className={`${styles["badge"]} ${styles[tone]}`}>
      <span className={styles["mark"]} aria-hidden="true" />
      {wordsOf(status)}
    </span>
  );
}

/** `in_progress` as people read it. */
export function wordsOf(status: string): string {
  const words = status.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
