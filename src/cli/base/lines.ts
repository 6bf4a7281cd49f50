/** The lines of an answer's body, as they come. */
export async function* readLines({ body }: Response): AsyncGenerator<string> {
  if (!body) return;
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
}
