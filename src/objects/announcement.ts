/** Tells everyone who waits that something has changed. */
export class Announcement {
  #next = Promise.withResolvers<void>();

  announce(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Until the next announcement, or for so many milliseconds. */
  async wait(milliseconds: number): Promise<void> {
    const { promise: waited, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    await Promise.race([this.#next.promise, waited]);
    clearTimeout(timer);
  }
}
