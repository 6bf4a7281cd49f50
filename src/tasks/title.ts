import { isLonger } from "../http/agent-api/agent-fields.ts";

/** Characters of a title made from a description (agent-tasks 3.2). */
const TITLE_MAX_LENGTH = 60;
const CUT = "...";
const NO_TITLE = "Untitled Task";

/** The title of a task that was given none: its description's first line, cut where it is long. */
export function titleFrom(description: string): string {
  const [line = ""] = description.trim().split(/\r?\n/, 1);
  if (!isLonger(line, TITLE_MAX_LENGTH)) return line.trimEnd() || NO_TITLE;
  const kept = Array.from(line.slice(0, 2 * TITLE_MAX_LENGTH)).slice(0, TITLE_MAX_LENGTH - CUT.length);
  return `${kept.join("")}${CUT}`;
}
