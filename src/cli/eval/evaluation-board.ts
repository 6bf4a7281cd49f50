import type { EvaluationEvent } from "../../client/index.ts";
import type { Paint } from "../output/colours.ts";
import { safeLine } from "../output/safe-text.ts";
import { renderTable } from "../output/table.ts";
import { formatClock, formatPercent } from "../output/units.ts";
import { isEnded, markOf, paintItemStatus } from "./item-view.ts";

const BAR_LENGTH = 30;
/** Attempts of a task that have a mark of their own. */
const SHOWN_ATTEMPTS = 40;
/** Tasks that are shown: those at work come first. */
const SHOWN_TASKS = 15;
/** Statuses that say how well the agent does. */
const COUNTED = ["passed", "failed", "timed_out"];

interface TaskRow {
  ref: string;
  /** Status of each attempt, by its number. */
  attempts: Map<number, string>;
  changed: number;
}

/** The table of an evaluation that lives: a bar of all items, and a row for each task with a mark for each attempt. */
export class EvaluationBoard {
  readonly #paint: Paint;
  readonly #tasks = new Map<string, TaskRow>();
  #counts: Record<string, number> = {};
  #name = "";
  #status = "";
  #begun: number | undefined;
  #changes = 0;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  take(event: EvaluationEvent): void {
    this.#begun ??= Date.parse(event.timestamp);
    this.#counts = event.counts;
    if (event.type !== "item") {
      this.#name = safeLine(event.evaluation.name);
      this.#status = event.evaluation.status;
      return;
    }
    const { item } = event;
    const row = this.#tasks.get(item.task_ref) ?? { ref: item.task_ref, attempts: new Map(), changed: 0 };
    row.attempts.set(item.attempt, item.item_status);
    row.changed = this.#changes += 1;
    this.#tasks.set(item.task_ref, row);
  }

  render(now = Date.now()): string {
    const total = sum(Object.values(this.#counts));
    const ended = sum(Object.entries(this.#counts).map(([status, count]) => (isEnded(status) ? count : 0)));
    const counted = sum(COUNTED.map((status) => this.#counts[status] ?? 0));
    const rate = counted === 0 ? null : (this.#counts["passed"] ?? 0) / counted;
    const filled = total === 0 ? 0 : Math.floor((ended / total) * BAR_LENGTH);
    const bar = this.#paint("green", "█".repeat(filled)) + this.#paint("dim", "░".repeat(BAR_LENGTH - filled));
    const seconds = (now - (this.#begun ?? now)) / 1_000;
    const left = ended > 0 && ended < total ? `, ${formatClock((seconds / ended) * (total - ended))} left` : "";
    const counts = Object.entries(this.#counts)
      .filter(([, count]) => count > 0)
      .map(([status, count]) => `${count} ${paintItemStatus(this.#paint, status)}`);
    return [
      `${this.#paint("bold", this.#name)}  ${paintItemStatus(this.#paint, this.#status)}`,
      `${bar}  ${ended} of ${total}  ${formatClock(seconds)}${left}   pass rate ${formatPercent(rate)}${counted === 0 ? "" : ` (n = ${counted})`}`,
      counts.join("   "),
      "",
      this.#table(),
    ].join("\n");
  }

  #table(): string {
    const rows = [...this.#tasks.values()].sort((one, other) => other.changed - one.changed);
    const shown = rows.slice(0, SHOWN_TASKS).sort((one, other) => one.ref.localeCompare(other.ref));
    const table = renderTable(
      ["TASK", "PASSED", "ATTEMPTS"],
      shown.map(({ ref, attempts }) => {
        const statuses = [...attempts].sort(([one], [other]) => one - other).map(([, status]) => status);
        const marks = statuses.slice(0, SHOWN_ATTEMPTS).map((status) => markOf(this.#paint, status));
        const passed = statuses.filter((status) => status === "passed").length;
        return [ref, `${passed}/${statuses.length}`, marks.join("") + (statuses.length > SHOWN_ATTEMPTS ? "…" : "")];
      }),
      { paintHead: (text) => this.#paint("dim", text) },
    );
    const more = rows.length - shown.length;
    return more > 0 ? `${table}\n${this.#paint("dim", `… and ${more} more tasks`)}` : table;
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
