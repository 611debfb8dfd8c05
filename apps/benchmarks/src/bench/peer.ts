import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { StepTimes } from "./step-bench.ts";

/** What a peer is made of, by name. */
export const peerSystems = ["keras-jax", "keras-tensorflow", "pytorch"] as const;

export type PeerSystem = (typeof peerSystems)[number];

/** A Python process with another system in it, which waits to be asked. */
export interface Peer {
  /** As *Keras 3.15.1 on jax* or *PyTorch 2.13.0*. */
  version: string;
  /** Times so many steps of one of the tutorial's models, which is built at its first mention. */
  time(model: string, steps: number): Promise<StepTimes>;
  close(): void;
}

const script = fileURLToPath(new URL("../../scripts/peers.py", import.meta.url));

/**
 * Starts **system** in a Python that has it; **threads** counts for PyTorch, the others choose their own.
 *
 * @throws Error with the Python's last words when it cannot start
 */
export async function startPeer(
  python: string,
  system: PeerSystem,
  threads: number,
): Promise<Peer> {
  const child = spawn(python, [script, system, String(threads)]);
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-4000);
  });
  // A process that has ended says so by its last line, not by a write that fails.
  child.stdin.on("error", () => {});
  const failed = once(child, "error").then(([error]) => {
    words ||= (error as Error).message;
    return undefined;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const line = await Promise.race([lines.next(), failed]);
    if (line && !line.done) return JSON.parse(line.value);
    const last = words.trim().split("\n").at(-1);
    throw new Error(
      `${system}: expected it in ${python}, got: ${last || "the end of the process"}`,
    );
  };
  try {
    const { version } = (await answer()) as { version: string };
    return {
      version,
      async time(model, steps) {
        child.stdin.write(`${JSON.stringify({ model, steps })}\n`);
        return (await answer()) as StepTimes;
      },
      close: () => void child.kill(),
    };
  } catch (error) {
    child.kill();
    throw error;
  }
}
