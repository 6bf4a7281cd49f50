/**
 * Lets one waiter sleep until something may have happened. Ringing does nothing while it is awake: it looks by itself
 * before it sleeps.
 */
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
