import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Puts text in a colour, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

const paintAlways: Paint = (style, text) => styleText(style, text, { validateStream: false });
const paintNever: Paint = (_style, text) => text;

/** Colours where the stream is a terminal that has them; NO_COLOR (no-color.org) and FORCE_COLOR have the last word. */
export function choosePaint(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  if (env["NO_COLOR"]) return paintNever;
  if (env["FORCE_COLOR"] && env["FORCE_COLOR"] !== "0") return paintAlways;
  return stream.isTTY === true && env["TERM"] !== "dumb" ? paintAlways : paintNever;
}
