/** The first so many of what comes one after the other. */
export async function take<T>(source: AsyncIterable<T>, most: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of source) {
    taken.push(item);
    if (taken.length >= most) break;
  }
  return taken;
}
