import { useEffect, useState } from "react";
import type { HighlighterCore, LanguageInput, ThemedToken } from "shiki/core";
import styles from "./code.module.css";

/** Characters of a text that are coloured; longer ones are shown plain. */
const MOST_CHARACTERS = 200_000;

type Language = () => Promise<{ default: LanguageInput }>;

const shell: Language = () => import("shiki/langs/shellscript.mjs");
const yaml: Language = () => import("shiki/langs/yaml.mjs");
const typescript: Language = () => import("shiki/langs/typescript.mjs");
const javascript: Language = () => import("shiki/langs/javascript.mjs");

/** Grammars by the ending of a file's name, each loaded when a file of its kind is first shown. */
const LANGUAGES: Readonly<Record<string, readonly [name: string, load: Language]>> = {
  sh: ["shellscript", shell],
  bash: ["shellscript", shell],
  yaml: ["yaml", yaml],
  yml: ["yaml", yaml],
  ts: ["typescript", typescript],
  js: ["javascript", javascript],
  mjs: ["javascript", javascript],
  json: ["json", () => import("shiki/langs/json.mjs")],
  py: ["python", () => import("shiki/langs/python.mjs")],
  toml: ["toml", () => import("shiki/langs/toml.mjs")],
  md: ["markdown", () => import("shiki/langs/markdown.mjs")],
  html: ["html", () => import("shiki/langs/html.mjs")],
  css: ["css", () => import("shiki/langs/css.mjs")],
  go: ["go", () => import("shiki/langs/go.mjs")],
  rs: ["rust", () => import("shiki/langs/rust.mjs")],
  c: ["c", () => import("shiki/langs/c.mjs")],
  java: ["java", () => import("shiki/langs/java.mjs")],
  rb: ["ruby", () => import("shiki/langs/ruby.mjs")],
  php: ["php", () => import("shiki/langs/php.mjs")],
  sql: ["sql", () => import("shiki/langs/sql.mjs")],
  diff: ["diff", () => import("shiki/langs/diff.mjs")],
  patch: ["diff", () => import("shiki/langs/diff.mjs")],
  xml: ["xml", () => import("shiki/langs/xml.mjs")],
  ini: ["ini", () => import("shiki/langs/ini.mjs")],
  dockerfile: ["docker", () => import("shiki/langs/docker.mjs")],
};

let highlighter: Promise<HighlighterCore> | undefined;

/** Source text with the colours of its language, once they are there. */
export function CodeText({ text, extension }: { text: string; extension: string }) {
  const [lines, setLines] = useState<ThemedToken[][]>();
  useEffect(() => {
    let isCurrent = true;
    setLines(undefined);
    // Without colours it can be read as well.
    colour(text, extension).then(
      (found) => isCurrent && setLines(found),
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [text, extension]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls is reached by the keyboard
    <pre className={styles["code"]} tabIndex={0}>
      {lines
        ? lines.map((line, number) => (
            // oxlint-disable-next-line react/no-array-index-key -- lines of a text that does not change
            <span key={number}>
              {line.map(({ content, htmlStyle, offset }) => (
                <span key={offset} style={htmlStyle}>
                  {content}
                </span>
              ))}
              {"\n"}
            </span>
          ))
        : text}
    </pre>
  );
}

async function colour(text: string, extension: string): Promise<ThemedToken[][] | undefined> {
  const language = LANGUAGES[extension];
  if (!language || text.length > MOST_CHARACTERS) return undefined;
  const [name, load] = language;
  highlighter ??= makeHighlighter();
  const made = await highlighter;
  if (!made.getLoadedLanguages().includes(name)) await made.loadLanguage((await load()).default);
  return made.codeToTokens(text, {
    lang: name,
    themes: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    defaultColor: "light-dark()",
  }).tokens;
}

/** The highlighter, with expressions of JavaScript: WebAssembly would need a policy of its own. */
async function makeHighlighter(): Promise<HighlighterCore> {
  const [{ createHighlighterCore }, { createJavaScriptRegexEngine }] = await Promise.all([
    import("shiki/core"),
    import("shiki/engine/javascript"),
  ]);
  return await createHighlighterCore({
    themes: [
      import("shiki/themes/github-light-high-contrast.mjs"),
      import("shiki/themes/github-dark-high-contrast.mjs"),
    ],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
}
