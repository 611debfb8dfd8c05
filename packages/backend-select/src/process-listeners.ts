// tfjs's wasm module installs `uncaughtException` and `unhandledRejection` listeners in Node, which
// change how the whole program crashes (exit code 7, another stack), and its `dispose` removes
// everybody's. Optional packages are kept from doing either.

type Listener = (...args: unknown[]) => void;

interface Emitter {
  on(event: string, listener: Listener): void;
  off(event: string, listener: Listener): void;
  listeners(event: string): Listener[];
}

const events = ["uncaughtException", "unhandledRejection"];

function emitter(): Emitter | undefined {
  const process = (globalThis as { process?: Partial<Emitter> }).process;
  return typeof process?.listeners === "function" ? (process as Emitter) : undefined;
}

/**
 * Runs `work` and takes away the crash listeners that `packageName` added meanwhile. Whose a
 * listener is, the stack at its registration tells, so what other code adds meanwhile stays.
 */
export async function withoutCrashListeners<T>(
  packageName: string,
  work: () => Promise<T>,
): Promise<T> {
  const target = emitter();
  if (!target) return work();
  const added: [string, Listener][] = [];
  const watch = (event: unknown, listener: unknown): void => {
    if (!events.includes(event as string)) return;
    const stack = new Error().stack?.replaceAll("\\", "/") ?? "";
    if (stack.includes(`/node_modules/${packageName}/`))
      added.push([event as string, listener as Listener]);
  };
  target.on("newListener", watch);
  try {
    return await work();
  } finally {
    target.off("newListener", watch);
    for (const [event, listener] of added) target.off(event, listener);
  }
}

/** Runs `work` and puts back every crash listener that it took away. */
export function keepingCrashListeners(work: () => void): void {
  const target = emitter();
  const before = events.map((event) => [event, target?.listeners(event) ?? []] as const);
  try {
    work();
  } finally {
    for (const [event, listeners] of before) {
      const now = target?.listeners(event) ?? [];
      for (const listener of listeners) if (!now.includes(listener)) target?.on(event, listener);
    }
  }
}
