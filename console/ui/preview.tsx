import { useEffect, useState } from "react";
import { JsonView } from "./json.tsx";
import { MarkdownText } from "./markdown.tsx";
import { describeBytes } from "./numbers.ts";
import { CodeText } from "./code.tsx";
import styles from "./preview.module.css";
import { ErrorState, LoadingState } from "./states.tsx";

/** Bytes of a file that are shown, and rows of a table. */
const MOST_BYTES = 1_000_000;
const MOST_ROWS = 500;

/** Pictures that browsers draw and that hold no scripts; SVG is shown as text. */
const PICTURES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
};

interface PreviewProps {
  name: string;
  /** Bytes. */
  size: number;
  fetchContent: (signal: AbortSignal) => Promise<Response>;
}

type Content = { kind: "text"; text: string; isCut: boolean } | { kind: "picture"; url: string } | { kind: "binary" };

/** A file as it reads best: pictures, Markdown, JSON, CSV, source text. */
export function Preview({ name, size, fetchContent }: PreviewProps) {
  const [content, setContent] = useState<Content>();
  const [error, setError] = useState<unknown>();
  const extension = name.toLowerCase().split(".").at(-1) ?? "";
  useEffect(() => {
    const left = new AbortController();
    let url: string | undefined;
    const load = async () => {
      try {
        const response = await fetchContent(left.signal);
        const type = PICTURES[extension];
        if (type !== undefined) {
          url = URL.createObjectURL(new Blob([await response.arrayBuffer()], { type }));
          if (!left.signal.aborted) setContent({ kind: "picture", url });
        } else setContent(readText(await readBytes(response)));
      } catch (failure) {
        if (!left.signal.aborted) setError(failure);
      }
    };
    void load();
    return () => {
      left.abort();
      if (url !== undefined) URL.revokeObjectURL(url);
    };
    // The content of a file does not change while it is shown.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [extension]);
  return (
    <section className={styles["preview"]} aria-label={`Preview of ${name}`}>
      <h3>
        {name} <span className={styles["size"]}>{describeBytes(size)}</span>
      </h3>
      {error !== undefined && <ErrorState error={error} />}
      {!content && error === undefined && <LoadingState label={`Loading ${name}`} />}
      {content?.kind === "picture" && <img src={content.url} alt={name} className={styles["picture"]} />}
      {content?.kind === "binary" && <p className={styles["size"]}>These are no texts: download the file.</p>}
      {content?.kind === "text" && (
        <>
          <TextPreview text={content.text} extension={extension} isCut={content.isCut} />
          {content.isCut && <p className={styles["size"]}>The beginning is shown; download the file for the rest.</p>}
        </>
      )}
    </section>
  );
}

function TextPreview({ text, extension, isCut }: { text: string; extension: string; isCut: boolean }) {
  if (extension === "md" || extension === "markdown") return <MarkdownText text={text} />;
  if (extension === "json" && !isCut) {
    const value = parse(text);
    if (value !== undefined) return <JsonView value={value} />;
  }
  if (extension === "csv" || extension === "tsv")
    return <Rows text={text} separator={extension === "csv" ? "," : "\t"} />;
  return <CodeText text={text} extension={extension} />;
}

function Rows({ text, separator }: { text: string; separator: string }) {
  const [head = [], ...rows] = readRows(text, separator);
  return (
    <div className={styles["rows"]}>
      <table>
        <thead>
          <tr>
            {head.map((cell, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- columns of a file
              <th key={index} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- rows of a file
            <tr key={at}>
              {row.map((cell, index) => (
                // oxlint-disable-next-line react/no-array-index-key -- columns of a file
                <td key={index}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Rows of separated values (RFC 4180), as many as are shown. */
function readRows(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let [row, cell, isQuoted]: [string[], string, boolean] = [[], "", false];
  for (let at = 0; at < text.length && rows.length <= MOST_ROWS; at += 1) {
    const letter = text.charAt(at);
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text.charAt((at += 1));
      else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === separator) [row, cell] = [[...row, cell], ""];
    else if (letter === "\n") {
      rows.push([...row, cell.replace(/\r$/, "")]);
      [row, cell] = [[], ""];
    } else cell += letter;
  }
  if (row.length > 0 || cell !== "") rows.push([...row, cell]);
  return rows;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first bytes of an answer. */
async function readBytes(response: Response): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array();
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length <= MOST_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  await reader.cancel();
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function readText(bytes: Uint8Array): Content {
  const isCut = bytes.length > MOST_BYTES;
  const shown = bytes.subarray(0, MOST_BYTES);
  try {
    // A character may be cut in two at the end.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(shown, { stream: isCut });
    return text.includes("\u0000") ? { kind: "binary" } : { kind: "text", text, isCut };
  } catch {
    return { kind: "binary" };
  }
}
