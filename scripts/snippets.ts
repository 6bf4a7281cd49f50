/** Lines of shell in a page of Markdown, and how they are run. */

export interface Snippet {
  /** `background`: goes on until the page is over. `elsewhere`: needs what is not here. */
  kind: "run" | "background" | "elsewhere";
  /** Where it begins in the page, from 1. */
  line: number;
  text: string;
}

/** Seconds that a background program has to say that it is ready. */
const READY_SECONDS = 30;

const FENCE = /^```sh(?: (background|elsewhere))?\n([^]*?)^```$/gm;

/** The snippets of a page, in their order. */
export function snippetsOf(markdown: string): Snippet[] {
  return [...markdown.matchAll(FENCE)].map(({ 1: kind, 2: text = "", index }) => ({
    kind: kind === "background" || kind === "elsewhere" ? kind : "run",
    line: markdown.slice(0, index).split("\n").length + 1,
    text,
  }));
}

/** Every request says how it was answered, whatever the snippet does with the answer. */
const BEGINNING = `set -euo pipefail
curl() { command curl -w '%{stderr}\\nHTTP %{http_code} %{method} %{url}\\n' "$@"; }
export -f curl
`;

/** A page as one session of bash. */
export function toSession(prelude: string, snippets: readonly Snippet[]): string {
  const parts = snippets
    .filter(({ kind }) => kind !== "elsewhere")
    .map(({ kind, line, text }) => {
      const title = `echo "## line ${line}" >&2`;
      if (kind === "run") return `${title}\n${text}`;
      // In the session itself, since what it sets is used later; only its last line goes on.
      const lines = text.trimEnd().split("\n");
      const last = lines.pop() ?? "";
      return `${title}
${lines.join("\n")}
${last} > background.log 2>&1 &
for _ in $(seq ${READY_SECONDS * 10}); do grep -q ' slots for ' background.log && break; sleep 0.1; done
grep ' slots for ' background.log || { cat background.log; exit 1; }`;
    });
  return [BEGINNING, prelude, ...parts].join("\n");
}
