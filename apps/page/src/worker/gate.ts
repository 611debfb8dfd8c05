/** Where a training waits while it is paused. */
export interface Gate {
  close(): void;
  open(): void;
  /** Resolves at once where the gate is open, else once it is. */
  passed(): Promise<void>;
}

/** An open gate. */
export function gate(): Gate {
  let waiting: Promise<void> | undefined;
  let letThrough = () => {};
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
    passed: () => waiting ?? Promise.resolve(),
  };
}
