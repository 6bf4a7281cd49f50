import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { OutsideLink } from "./outside-link.tsx";
import styles from "./markdown.module.css";

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
export function MarkdownElements({ text }: { text: string }) {
  return (
    <div className={styles["markdown"]}>
      <Markdown remarkPlugins={[remarkGfm]} components={COMPONENTS}>
        {text}
      </Markdown>
    </div>
  );
}
