import type { Handle } from "../../objects/handle.ts";
import type { EvaluationItem } from "./item-object.ts";

/** An item of an evaluation as the evaluation reaches it. */
export type ItemHandle = Handle<EvaluationItem, "begin" | "cancel">;

/** The object of an item's id. */
export function openItem(env: Cloudflare.Env, itemId: string): ItemHandle {
  return env.EVALUATION_ITEM.getByName(itemId);
}
