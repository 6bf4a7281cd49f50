import Anser from "anser";
import { memo } from "react";
import styles from "./ansi.module.css";

/** Whether a text has the colours of a terminal in it. */
const ESCAPE = "\u001B[";

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** What a program has written to a terminal: its colours are shown, its other control sequences left out. */
export const AnsiText = memo(function AnsiText({ text }: { text: string }) {
  if (!text.includes(ESCAPE)) return text;
  return Anser.ansiToJson(text, { json: true, remove_empty: true, use_classes: true }).map(
    ({ content, fg, decorations }, index) => {
      const colour = COLOURS.find((name) => fg?.includes(name));
      const classes = [
        colour === undefined ? "" : styles[colour],
        ...decorations.map((decoration) => styles[decoration] ?? ""),
      ];
      return (
        // oxlint-disable-next-line react/no-array-index-key -- pieces of a text that does not change
        <span key={index} className={classes.join(" ")}>
          {content}
        </span>
      );
    },
  );
});
