/**
 * How long to wait before the next attempt: full jitter over a window that doubles from 0.5 s to 30 s.
 *
 * A connection that opens and breaks at once is no success; call `reset` only when a useful frame has come in.
 */
export class Backoff {
  #attempts = 0;

  next(): number {
    return Math.random() * Math.min(30_000, 500 * 2 ** this.#attempts++);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
