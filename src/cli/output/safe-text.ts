import { stripVTControlCharacters } from "node:util";

/** Control characters but for tab and line feed; with those of the second half of Latin 1. */
// oxlint-disable-next-line no-control-regex -- these are what it is about
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Marks that turn the direction of text, so that it reads otherwise than it is. */
const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069]/g;

/** Text of somebody else as a terminal can show it: it moves no cursor, sets no title, hides nothing. */
export function safeText(text: string): string {
  return stripVTControlCharacters(text.replaceAll("\r\n", "\n")).replace(CONTROLS, "").replace(DIRECTIONS, "");
}

/** The same on one line. */
export function safeLine(text: string): string {
  return safeText(text).replace(/\s+/g, " ").trim();
}

/** At most so many characters, the last of them an ellipsis where something is left out. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, Math.max(0, length - 1)).join("")}…`;
}
