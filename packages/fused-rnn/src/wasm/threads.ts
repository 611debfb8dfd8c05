// Worker threads over the engine's shared memory. A call's blocks lie in a pool from which every
// thread, the caller's included, takes the next one; so a worker that is late, or gone, costs time
// and not the result. Nothing depends on which thread runs which block.

import { isSharedBuffer } from "@rnnkit/core-rnn";
import { workerSource } from "../generated/worker.ts";
import {
  BACKWARD,
  BEAT,
  BLOCKS,
  CONTROL_WORDS,
  DESCRIPTORS,
  DONE,
  EACH,
  FAILED,
  GENERATION,
  NEXT,
  NO_BLOCK,
  STARTED,
  STEPS,
  TIME_CHUNK,
  type WorkerData,
} from "./control.ts";
import { type KernelExports, runBlock } from "./worker-block.ts";

/** A call that threads may share. */
export interface BlockWork {
  backward: boolean;
  /** One descriptor, or two that are cut alike: the directions of a bidirectional call. */
  descriptors: readonly number[];
  /** Of each descriptor. */
  blocks: number;
  T: number;
  timeChunk: number;
  /** How long no worker may say that it lives, every 16 steps of a block, before one counts as dead, in ms. */
  patience: number;
}

/** Threads of one engine. */
export interface ThreadPool {
  /**
   * Runs all blocks, on up to `threads` threads, and returns when they are done.
   *
   * @throws Error when a worker failed or died in a block; the engine must then be given up.
   */
  run(work: BlockWork, threads: number): void;
  /** Ends all workers. */
  close(): void;
  /** Workers that have come up. */
  started(): number;
  /** Whether the first worker never came up: a page's policy may forbid workers made from text. */
  refused(): boolean;
}

interface WorkerHandle {
  terminate(): unknown;
}

interface Runtime {
  spawn(data: WorkerData, onEnd: () => void): WorkerHandle | undefined;
}

type NodeThreads = typeof import("node:worker_threads");

function nodeThreads(): NodeThreads | undefined {
  const { process } = globalThis as { process?: NodeJS.Process };
  return process?.getBuiltinModule?.("node:worker_threads");
}

function isPage(): boolean {
  return typeof document !== "undefined";
}

/**
 * Whether this thread may share memory with workers and wait for them: in Node, Bun and Deno always,
 * in a browser inside a worker of a cross-origin isolated page. A page's own thread must not block,
 * and tfjs kernels are synchronous, so there the engine runs on that one thread.
 */
export function canUseThreads(): boolean {
  if (typeof SharedArrayBuffer === "undefined" || isPage()) return false;
  if (nodeThreads()) return true;
  const scope = globalThis as { crossOriginIsolated?: boolean; Worker?: unknown };
  return scope.crossOriginIsolated === true && typeof scope.Worker === "function";
}

function runtime(): Runtime {
  const threads = nodeThreads();
  if (threads) {
    return {
      spawn(data, onEnd) {
        const worker = new threads.Worker(
          `${workerSource} worker.serve(require("node:worker_threads").workerData);`,
          // It writes nothing; what were passed on would have this thread open its own output for it.
          { eval: true, workerData: data, stdout: true, stderr: true },
        );
        worker.unref();
        worker.on("error", onEnd);
        worker.on("exit", onEnd);
        return worker;
      },
    };
  }
  return {
    spawn(data, onEnd) {
      const url = URL.createObjectURL(
        new Blob([`${workerSource} onmessage = (event) => worker.serve(event.data);`], {
          type: "text/javascript",
        }),
      );
      try {
        const worker = new Worker(url);
        worker.onerror = () => {
          worker.terminate();
          onEnd();
        };
        worker.postMessage(data);
        return worker;
      } catch {
        return undefined;
      } finally {
        URL.revokeObjectURL(url);
      }
    },
  };
}

/** A pool without workers yet; they start at the first call that can use them. */
export function createThreadPool(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  kernels: KernelExports,
): ThreadPool {
  const shared = isSharedBuffer(memory.buffer);
  const bytes = CONTROL_WORDS * 4;
  const control = new Int32Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  const workers = new Set<WorkerHandle>();
  let refused = false;
  control[NEXT] = NO_BLOCK;

  const ensureWorkers = (count: number) => {
    while (!refused && workers.size < count) {
      const handle = runtime().spawn({ module, memory, control }, () => {
        if (handle) workers.delete(handle);
        refused ||= Atomics.load(control, STARTED) === 0;
      });
      if (handle) workers.add(handle);
      else refused = true;
    }
  };
  const beat = () => {
    Atomics.add(control, BEAT, 1);
  };
  const runOne = ({ backward, descriptors, blocks, T, timeChunk }: BlockWork, block: number) => {
    const descriptor = descriptors[Math.floor(block / blocks)];
    runBlock(kernels, backward, descriptor, block % blocks, T, timeChunk, beat);
  };
  const takeBlocks = (work: BlockWork, all: number) => {
    for (;;) {
      const block = Atomics.add(control, NEXT, 1);
      if (block >= all) return;
      runOne(work, block);
      Atomics.add(control, DONE, 1);
    }
  };
  const awaitOthers = (blocks: number, patience: number) => {
    for (let i = 0; i < 20_000; i++) if (Atomics.load(control, DONE) >= blocks) return;
    let beats = Atomics.load(control, BEAT);
    let since = Date.now();
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (done >= blocks) return;
      Atomics.wait(control, DONE, done, 100);
      const now = Atomics.load(control, BEAT);
      if (now !== beats) {
        beats = now;
        since = Date.now();
      } else if (Date.now() - since > patience) {
        throw new Error(
          `fused-rnn: expected ${blocks} blocks from the worker threads, got ${done}: a worker died`,
        );
      }
    }
  };

  return {
    run(work, threads) {
      const { backward, descriptors, blocks, T, timeChunk, patience } = work;
      const all = descriptors.length * blocks;
      if (!shared || threads <= 1 || all <= 1) {
        for (let block = 0; block < all; block++) runOne(work, block);
        return;
      }
      ensureWorkers(Math.min(threads, all) - 1);
      control[BACKWARD] = backward ? 1 : 0;
      control.set(descriptors, DESCRIPTORS);
      control[EACH] = blocks;
      control[STEPS] = T;
      control[TIME_CHUNK] = timeChunk;
      Atomics.store(control, FAILED, 0);
      Atomics.store(control, DONE, 0);
      Atomics.store(control, BLOCKS, all);
      Atomics.store(control, NEXT, 0);
      Atomics.add(control, GENERATION, 1);
      Atomics.notify(control, GENERATION, threads - 1);
      try {
        takeBlocks(work, all);
        awaitOthers(all, patience);
      } finally {
        Atomics.store(control, NEXT, NO_BLOCK);
      }
      if (Atomics.load(control, FAILED)) {
        throw new Error("fused-rnn: expected every worker thread to finish, got a trap in one");
      }
    },
    close() {
      Atomics.store(control, GENERATION, -1 << 30);
      if (shared) Atomics.notify(control, GENERATION);
      for (const worker of workers) worker.terminate();
      workers.clear();
    },
    started: () => Atomics.load(control, STARTED),
    refused: () => refused,
  };
}
