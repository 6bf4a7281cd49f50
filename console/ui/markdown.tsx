import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { OutsideLink } from "./outside-link.tsx";
import styles from "./markdown.module.css";

/** Characters of a text that are read as Markdown; longer ones are shown as they are. */
const MOST_CHARACTERS = 100_000;

const COMPONENTS: Components = {
  a: ({ href, children }) => <OutsideLink href={href}>{children}</OutsideLink>,
  // Pictures would be asked of other hosts: their address is told instead.
  img: ({ src, alt }) => (
    <OutsideLink href={typeof src === "string" ? src : undefined}>
      {alt === "" || alt === undefined ? "picture" : alt}
    </OutsideLink>
  ),
  input: ({ checked }) => <span className={styles["task"]}>{checked ? "☑" : "☐"}</span>,
};

/** Markdown as elements. HTML in it is shown as the text that it is. */
export function MarkdownText({ text }: { text: string }) {
  if (text.length > MOST_CHARACTERS) return <pre className={styles["plain"]}>{text}</pre>;
  return (
    <div className={styles["markdown"]}>
      <Markdown remarkPlugins={[remarkGfm]} components={COMPONENTS}>
        {text}
      </Markdown>
    </div>
  );
}
