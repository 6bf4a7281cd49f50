/** The text, with what is searched for marked. */
export function Marked({ text, find }: { text: string; find: string }) {
  if (find === "") return text;
  const parts: { text: string; at: number; isMatch: boolean }[] = [];
  const [lower, wanted] = [text.toLowerCase(), find.toLowerCase()];
  let from = 0;
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
    parts.push(
      { text: text.slice(from, at), at: from, isMatch: false },
      { text: text.slice(at, at + wanted.length), at, isMatch: true },
    );
    from = at + wanted.length;
  }
  return (
    <>
      {parts.map((part) => (part.isMatch ? <mark key={`m${part.at}`}>{part.text}</mark> : part.text))}
      {text.slice(from)}
    </>
  );
}
