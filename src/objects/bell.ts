/** Lets one waiter sleep until something may have happened; who is rung while it does not wait looks anyway. */
export class Bell {
  #resume: (() => void) | undefined;

  ring(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  wait(): Promise<void> {
    return new Promise((resolve) => (this.#resume = resolve));
  }
}
