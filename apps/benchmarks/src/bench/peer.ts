import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { getThreads } from "@rnnkit/fused-rnn";
import { relaxedSimdFlags } from "../relaxed-simd-flag.ts";

/** Systems that have a `fit`. */
export const fitSystems = ["keras-jax", "keras-tensorflow"] as const;

export type FitSystem = (typeof fitSystems)[number];

/** What a peer is made of, by name. */
export const peerSystems = ["keras-jax", "keras-tensorflow", "pytorch", "onnxruntime"] as const;

export type PeerSystem = (typeof peerSystems)[number];

/** Those of them that may have a GPU, with what a system is called there. */
export const gpuSystems = ["pytorch", "pytorch-tf32", "keras-jax"] as const;

export type GpuSystem = (typeof gpuSystems)[number];

/** Where a system computes. */
export type PeerDevice = "cpu" | "gpu";

/** A process with one system in it, ours or another, which waits to be asked. */
export interface Peer {
  /** As *rnnkit, 2 threads*, *Keras 3.15.1 on jax* or *PyTorch 2.13.0, 1 thread*. */
  name: string;
  /** Answers one of the questions of scripts/peers/peer.py, as **Answer**. */
  ask<Answer>(question: { do: string; [detail: string]: unknown }): Promise<Answer>;
  /** Whether it computes with less than float32's bits. */
  readonly isRough?: boolean;
  close(): void;
}

const script = (name: string) =>
  fileURLToPath(new URL(`../../scripts/peers/${name}`, import.meta.url));

/** The program that runs a script of ours: Node, with fused multiply-add as the command line has it. */
export function ownProgram(name: string): [program: string, args: string[]] {
  return [process.execPath, [...relaxedSimdFlags, script(name)]];
}

/** The program that runs a script of other systems. */
export function pythonProgram(python: string, name: string): [program: string, args: string[]] {
  return [python, ["-B", script(name)]];
}

/** Our side in a process of its own, on as many threads as this one uses. */
export async function startOurselves(): Promise<Peer> {
  const [program, args] = ownProgram("own-peer.mjs");
  const threads = getThreads();
  const peer = await startProcess("rnnkit", program, [...args, String(threads)]);
  return { ...peer, name: `rnnkit, ${threadsText(threads)}` };
}

/**
 * Starts **system** in a Python that has it; **threads** counts for PyTorch and ONNX Runtime, the others choose
 * their own.
 *
 * @throws Error with the Python's last words when it cannot start
 */
export async function startPeer(
  python: string,
  system: PeerSystem | GpuSystem,
  threads: number,
  device: PeerDevice = "cpu",
): Promise<Peer> {
  const [program, args] = pythonProgram(python, "peer.py");
  const peer = await startProcess(system, program, [...args, system, String(threads), device]);
  return choosesThreads(system) || device === "gpu"
    ? peer
    : { ...peer, name: `${peer.name}, ${threadsText(threads)}` };
}

/** Whether a system takes as many threads as it sees fit. */
export const choosesThreads = (system: PeerSystem | GpuSystem): boolean =>
  system.startsWith("keras-");

export const threadsText = (count: number): string => `${count} thread${count === 1 ? "" : "s"}`;

async function startProcess(system: string, program: string, args: string[]): Promise<Peer> {
  // Out of the terminal's reach: Ctrl-C is this program's to understand, and it closes what it started.
  const child = spawn(program, args, { detached: true });
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
      `${system}: expected it in ${program}, got: ${last || "the end of the process"}`,
    );
  };
  try {
    const { version } = (await answer()) as { version: string };
    return {
      name: version,
      async ask<Answer>(question: object) {
        child.stdin.write(`${JSON.stringify(question)}\n`);
        return (await answer()) as Answer;
      },
      close: () => void child.kill(),
    };
  } catch (error) {
    child.kill();
    throw error;
  }
}
