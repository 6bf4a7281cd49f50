/**
 * About how many instructions a regular expression compiles to, never too few by more than a small factor: characters,
 * times the counted repeats around them. Told before compiling, which is what it saves.
 */
export function patternSize(pattern: string): number {
  /** Sizes of the groups that are open, the whole pattern first; and of what a repeat would repeat. */
  const groups = [0];
  let atom = 0;
  const add = (size: number) => {
    atom = size;
    groups.push((groups.pop() ?? 0) + size);
  };
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === "(") {
      groups.push(1);
    } else if (character === ")" && groups.length > 1) {
      add(groups.pop() ?? 0);
    } else if (character === "{") {
      const counts = /^\{(\d{1,6})(?:,(\d{0,6}))?\}/.exec(pattern.slice(at, at + 16));
      const times = Math.max(Number(counts?.[1] ?? 1), Number(counts?.[2] ?? 1), 1);
      add(atom * (times - 1));
      at += (counts?.[0].length ?? 1) - 1;
    } else if (character === "\\") {
      at += 1;
      add(1);
    } else if (character === "[") {
      at = endOfClass(pattern, at);
      add(1);
    } else {
      add(1);
    }
  }
  return groups.reduce((sum, size) => sum + size, 0);
}

/** Where the `]` of a class is that begins at `start`. */
function endOfClass(pattern: string, start: number): number {
  let at = start + 1;
  while (at < pattern.length && pattern[at] !== "]") at += pattern[at] === "\\" ? 2 : 1;
  return at;
}
