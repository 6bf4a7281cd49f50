import type { PassRate } from "../../../src/client/generated/types.gen.ts";
import styles from "./rates.module.css";

/** A share in percent; what is not known is a dash. */
export function describeRate(value: number | null): string {
  return value === null ? "–" : `${(value * 100).toFixed(value === 0 || value === 1 ? 0 : 1)}%`;
}

/** A pass rate with its 95% interval and how many it is of, drawn and written. */
export function RateBar({ rate: { value, low, high, n } }: { rate: PassRate }) {
  return (
    <span className={styles["rate"]} title={`95% interval ${describeRate(low)} to ${describeRate(high)}, n = ${n}`}>
      <span className={styles["value"]}>{describeRate(value)}</span>
      <svg className={styles["bar"]} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="10" rx="1" className={styles["ground"]} />
        {low !== null && high !== null && (
          <rect x={low * 100} width={Math.max(1, (high - low) * 100)} height="10" className={styles["interval"]} />
        )}
        {value !== null && (
          <rect x={Math.min(98.5, value * 100 - 0.75)} width="1.5" height="10" className={styles["point"]} />
        )}
      </svg>
      <span className={styles["interval-text"]}>
        {low === null || high === null ? "" : `${(low * 100).toFixed(0)}–${(high * 100).toFixed(0)}%`}, n = {n}
      </span>
    </span>
  );
}
