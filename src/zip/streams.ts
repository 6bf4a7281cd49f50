/** A stream of what a generator yields, one chunk for each pull; cancelling it ends the generator. */
export function streamOf(chunks: AsyncGenerator<Uint8Array, unknown, void>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
