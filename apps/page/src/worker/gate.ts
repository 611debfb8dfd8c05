/** Where a training waits while it is paused. */
export interface Gate {
  close(): void;
  open(): void;
  /** Resolves at once where the gate is open, else once it is. */
  passed(): Promise<void>;
  /** Milliseconds for which it has been waited at. */
  waited(): number;
}

/** An open gate, by a clock of milliseconds. */
export function gate(now: () => number = () => performance.now()): Gate {
  let waiting: Promise<void> | undefined;
  let letThrough = () => {};
  let waited = 0;
  return {
    close() {
      waiting ??= new Promise((resolve) => {
        letThrough = resolve;
      });
    },
    open() {
      letThrough();
      waiting = undefined;
    },
    async passed() {
      if (!waiting) return;
      const since = now();
      await waiting;
      waited += now() - since;
    },
    waited: () => waited,
  };
}
