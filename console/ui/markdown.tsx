import { lazy, Suspense } from "react";
import styles from "./markdown.module.css";

/** Characters of a text that are read as Markdown; longer ones are shown as they are. */
const MOST_CHARACTERS = 100_000;

/** Loaded with the first text: a page is there before it. */
const MarkdownElements = lazy(async () => ({ default: (await import("./markdown-elements.tsx")).MarkdownElements }));

/** Markdown as elements; as the text that it is while what reads it is on its way. */
export function MarkdownText({ text }: { text: string }) {
  const plain = <pre className={styles["plain"]}>{text}</pre>;
  if (text.length > MOST_CHARACTERS) return plain;
  return (
    <Suspense fallback={plain}>
      <MarkdownElements text={text} />
    </Suspense>
  );
}
