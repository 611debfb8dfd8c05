import { constants } from "node:os";
import process from "node:process";

/** Ctrl-C as an abort signal, for as long as it is not released. */
export interface Interruption {
  /** Aborted by the first Ctrl-C, or what else asks the process to end. */
  signal: AbortSignal;
  /** Of a process that has ended so: 130 after Ctrl-C, 143 after SIGTERM. */
  readonly exitCode: number;
  /** Gives Ctrl-C its ordinary meaning back. */
  release(): void;
}

type Ending = "SIGINT" | "SIGTERM";

// What batch systems, containers and service managers end a process with is asked as politely as by Ctrl-C.
const endings: readonly Ending[] = ["SIGINT", "SIGTERM"];

// One key press may arrive twice: from the terminal, and forwarded by npm.
const SAME_PRESS_MS = 300;

/**
 * Turns the first SIGINT or SIGTERM into an aborted signal (**onFirst** tells the user), so that the work can
 * stop after its current batch. Soon after, both have their ordinary meaning again: the system ends
 * the process at once, even in the middle of a computation that lets no listener run.
 */
export function listenForInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let by: Ending = "SIGINT";
  const first = (ending: Ending) => () => {
    if (controller.signal.aborted) return;
    by = ending;
    setTimeout(release, SAME_PRESS_MS).unref();
    controller.abort();
    onFirst();
  };
  const listeners = endings.map((ending) => [ending, first(ending)] as const);
  const release = () => {
    for (const [ending, listener] of listeners) process.off(ending, listener);
  };
  for (const [ending, listener] of listeners) process.on(ending, listener);
  return {
    signal: controller.signal,
    get exitCode() {
      return 128 + constants.signals[by];
    },
    release,
  };
}
