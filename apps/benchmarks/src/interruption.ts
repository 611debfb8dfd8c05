import process from "node:process";

/** Ctrl-C as an abort signal, for as long as it is not released. */
export interface Interruption {
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  /** Gives Ctrl-C its ordinary meaning back. */
  release(): void;
}

/** The exit code of a process ended by SIGINT: 128 + 2. */
export const INTERRUPTED_EXIT_CODE = 130;

// One key press may arrive twice: from the terminal, and forwarded by npm.
const SAME_PRESS_MS = 300;

/**
 * Turns the first SIGINT into an aborted signal (**onFirst** tells the user), so that the work can
 * stop after its current batch. Soon after, SIGINT has its ordinary meaning again: the system ends
 * the process at once, even in the middle of a computation that lets no listener run.
 */
export function listenForInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  const first = () => {
    process.on("SIGINT", again);
    setTimeout(release, SAME_PRESS_MS).unref();
    controller.abort();
    onFirst();
  };
  const again = () => {};
  const release = () => {
    process.off("SIGINT", first).off("SIGINT", again);
  };
  process.once("SIGINT", first);
  return { signal: controller.signal, release };
}
