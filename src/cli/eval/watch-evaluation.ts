import { type EvaluationEvent, followEvaluation, getEvaluation } from "../../client/index.ts";
import type { Context } from "../base/context.ts";
import { EXIT, Outcome } from "../base/failure.ts";
import type { Session } from "../base/session.ts";
import type { Output } from "../output/output.ts";
import { reconnectNote } from "../base/reconnect-note.ts";
import { safeLine } from "../output/safe-text.ts";
import { EvaluationBoard } from "./evaluation-board.ts";
import { paintItemStatus } from "./item-view.ts";
import { describeEvaluation } from "./show.ts";

/** Shows an evaluation until it ends, then its numbers. Ends with EXIT.own unless every item passed. */
export async function watchEvaluation(context: Context, { client }: Session, id: string): Promise<void> {
  const { out, signal } = context;
  context.whenInterrupted(
    `The evaluation goes on. Watch it again: taskyard eval watch ${id}; end it: taskyard eval cancel ${id}`,
  );
  const path = { evaluation_id: id };
  const events = followEvaluation(client, { path, signal, onReconnect: reconnectNote(out) });
  if (out.isLive) await watchLive(out, events);
  else for await (const event of events) out.entry(event, () => describeEvent(out, event));
  const evaluation = await getEvaluation(client, { path, signal });
  if (!out.json)
    out.result(
      evaluation,
      () => describeEvaluation(out, evaluation),
      () => id,
    );
  if (evaluation.passed_count < evaluation.total_samples) throw new Outcome(EXIT.own);
}

async function watchLive(out: Output, events: AsyncIterable<EvaluationEvent>): Promise<void> {
  const board = new EvaluationBoard(out.paint);
  const region = out.live();
  // Time passes without events as well.
  const clock = setInterval(() => region.draw(() => board.render()), 1_000);
  try {
    for await (const event of events) {
      board.take(event);
      region.draw(() => board.render());
    }
  } finally {
    clearInterval(clock);
    region.clear();
  }
}

function describeEvent({ paint }: Output, event: EvaluationEvent): string {
  const { timestamp, counts } = event;
  const time = paint("dim", timestamp.slice(11, 19));
  if (event.type !== "item") {
    const shown = Object.entries(counts).filter(([, count]) => count > 0);
    const what = event.type === "evaluation-end" ? "ended" : "evaluation";
    return `${time}  ${what}  ${event.evaluation.status}  ${shown.map(([status, count]) => `${count} ${status}`).join(", ")}`;
  }
  const { item } = event;
  const why = item.error ?? (item.end_reason === "reward_reached" ? null : item.end_reason);
  return `${time}  ${item.task_ref} #${item.attempt}  ${paintItemStatus(paint, item.item_status)}${why === null ? "" : `  ${safeLine(why)}`}`;
}
