/**
 * What `diff` without options prints for two texts. Takes time and two bytes for each pair of lines: callers bound the
 * lines of both together (65,535 at most).
 */
export function compareLines(before: string, after: string): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  const width = now.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const [below, right] = [common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0];
      const next = common[(i + 1) * width + j + 1] ?? 0;
      common[i * width + j] = old[i] === now[j] ? next + 1 : Math.max(below, right);
    }
  }
  let output = "";
  for (let i = 0, j = 0; i < old.length || j < now.length;) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i += 1;
      j += 1;
      continue;
    }
    const [fromOld, fromNow] = [i, j];
    while ((i < old.length || j < now.length) && !(i < old.length && j < now.length && old[i] === now[j])) {
      const isRemoval =
        j === now.length || (i < old.length && (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0));
      if (isRemoval) i += 1;
      else j += 1;
    }
    output += hunk(old.slice(fromOld, i), fromOld, now.slice(fromNow, j), fromNow);
  }
  return output;
}

/** Lines with their ends; the last may have none. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function hunk(old: string[], oldAt: number, now: string[], nowAt: number): string {
  const letter = old.length === 0 ? "a" : now.length === 0 ? "d" : "c";
  const divider = letter === "c" ? "---\n" : "";
  return `${range(oldAt, old.length)}${letter}${range(nowAt, now.length)}\n${marked("<", old)}${divider}${marked(">", now)}`;
}

function marked(mark: string, lines: string[]): string {
  return lines.map((line) => `${mark} ${ended(line)}`).join("");
}

function ended(line: string): string {
  return line.endsWith("\n") ? line : `${line}\n\\ No newline at end of file\n`;
}

function range(at: number, length: number): string {
  if (length === 0) return `${at}`;
  return length === 1 ? `${at + 1}` : `${at + 1},${at + length}`;
}
