/** Columns of a line of Python. */
const LINE_LENGTH = 120;

const KEYWORDS = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if
   import in is lambda nonlocal not or pass raise return try while with yield`.split(/\s+/),
);

const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Whether `name` may stand as the name of an attribute. */
export function isIdentifier(name: string): boolean {
  return IDENTIFIER.test(name) && !KEYWORDS.has(name);
}

/** `listTaskFiles`, `X-Environment-Token`, `Task registry` as Python's names are written. */
export function snakeCase(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/\W+/g, "_");
  const snake = words.replace(/^_|_$/g, "").toLowerCase();
  return KEYWORDS.has(snake) ? `${snake}_` : snake;
}

/** `task_names`, `Task registry`, `createEvaluation` as Python's classes are named. */
export function classCase(name: string): string {
  return name.replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** With a full stop at its end. */
export function toSentence(text: string): string {
  return text.replace(/[^.…?!]$/, "$&.");
}

/** A string literal. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** A docstring, wrapped, indented by `indent` spaces; nothing for no text. */
export function docstring(text: string, indent: number): string[] {
  const pad = " ".repeat(indent);
  const paragraphs = text.trim().replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"').split("\n\n");
  const lines = paragraphs.flatMap((paragraph, index) => [
    ...(index === 0 ? [] : [""]),
    ...wrap(paragraph, LINE_LENGTH - indent - (index === 0 ? 3 : 0)),
  ]);
  const [first = "", ...rest] = lines;
  if (first === "") return [];
  // A quote at the end of the text would end the docstring.
  const single = `${pad}"""${first}${first.endsWith('"') ? " " : ""}"""`;
  if (rest.length === 0 && single.length <= LINE_LENGTH) return [single];
  return [`${pad}"""${first}`, ...rest.map((line) => (line === "" ? "" : pad + line)), `${pad}"""`];
}

function wrap(paragraph: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** `head(item, item)tail` on one line where it fits, else an item on each. */
export function bracketed(head: string, items: readonly string[], tail: string, indent: number): string[] {
  const pad = " ".repeat(indent);
  const open = head.at(-1) ?? "";
  const close = { "(": ")", "[": "]", "{": "}" }[open] ?? "";
  const single = `${pad}${head}${items.join(", ")}${close}${tail}`;
  if (single.length <= LINE_LENGTH) return [single];
  return [`${pad}${head}`, ...items.map((item) => `${pad}    ${item},`), `${pad}${close}${tail}`];
}
