// What `bench page` runs in a page and in a worker of it, bundled: one of the tutorial's models on tfjs's wasm backend.

import { getThreads, setThreads } from "@rnnkit/fused-rnn";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import { seededExamples, tutorialModels } from "./tutorial-models.ts";

/** What a scope is made ready for. */
export interface PageSetup {
  /** Of `tutorialModels`. */
  model: string;
  /** Whether tfjs may load its threaded module, where the page is isolated. */
  tfjsThreads: boolean;
  /** Threads of the engine. Default: as many as it chooses. */
  threads?: number | undefined;
  seed: number;
}

/** Where a scope stands once it is ready. */
export interface PageScope {
  isolated: boolean;
  /** Threads that tfjs says it has; 1 of the module without threads. */
  tfjsThreads: number;
  /** Whether tfjs's memory is shared between threads. */
  sharedMemory: boolean;
  /** Threads of the engine. */
  threads: number;
}

/** What a model made once gives: its first prediction, and what the step after it says: loss and metrics. */
export interface PageNumbers {
  predicted: number[];
  said: number[];
}

/** Milliseconds of a few training steps and of as many predictions. */
export interface PageTimes {
  train: number[];
  predict: number[];
}

let model: Sequential;
let batch: { x: tf.Tensor; y: tf.Tensor };

interface RunningBackend {
  wasm: { HEAPU8: Uint8Array; tfjs: { getThreadsCount(): number } };
}

async function prepare({ model: name, tfjsThreads, threads, seed }: PageSetup): Promise<PageScope> {
  if (!tfjsThreads) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths("/wasm/");
  if (!(await tf.setBackend("wasm"))) throw new Error("bench page: the wasm backend did not start");
  if (threads !== undefined) setThreads(threads);
  const found = tutorialModels(seed).find((each) => each.name === name);
  if (!found) throw new Error(`bench page: expected a model of the tutorial, got ${name}`);
  model = found.fused();
  batch = seededExamples(found, found.batchSize, seed);
  const { wasm } = tf.backend() as unknown as RunningBackend;
  return {
    isolated: globalThis.crossOriginIsolated === true,
    tfjsThreads: wasm.tfjs.getThreadsCount(),
    sharedMemory: !(wasm.HEAPU8.buffer instanceof ArrayBuffer),
    threads: getThreads(),
  };
}

async function check(): Promise<PageNumbers> {
  const predicted = model.predictOnBatch(batch.x) as tf.Tensor;
  const numbers = Array.from(predicted.dataSync());
  predicted.dispose();
  return { predicted: numbers, said: [await model.trainOnBatch(batch.x, batch.y)].flat() };
}

async function measure(count: number): Promise<PageTimes> {
  const times: PageTimes = { train: [], predict: [] };
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now();
    await model.trainOnBatch(batch.x, batch.y);
    times.train.push(performance.now() - startedAt);
  }
  for (let i = 0; i < count; i++) {
    const startedAt = performance.now();
    const predicted = model.predictOnBatch(batch.x) as tf.Tensor;
    predicted.dataSync();
    predicted.dispose();
    times.predict.push(performance.now() - startedAt);
  }
  return times;
}

Object.assign(globalThis, { preparePage: prepare, checkPage: check, measurePage: measure });
