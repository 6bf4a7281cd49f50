import type { Output } from "../output/output.ts";

/** Failures in a row after which it is worth a word that a connection is made again. */
const SAID_AFTER = 3;

/** Says that a connection is being made again, once it does not come back at once. */
export function reconnectNote(out: Output): (failures: number) => void {
  return (failures) => {
    if (failures === SAID_AFTER) out.note("The connection broke; connecting again …");
  };
}
