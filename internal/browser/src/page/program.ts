// What a page does, and a worker of one: select the backend, train, say what came of it.

import { describeBackend, selectBackend } from "@rnnkit/backend-select";
import { getThreads, setThreads } from "@rnnkit/fused-rnn";
import { registerWebGPUKernels } from "@rnnkit/fused-rnn/webgpu";
import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import vanilla from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import { getBackend, type Tensor } from "@tensorflow/tfjs-core";
import type { Answer, Setup } from "../setup.ts";
import { reviews, sizes, type Trained, trainedClassifier, trainedForecaster } from "../training.ts";
import { listening } from "./said.ts";

/** What came of it. */
export interface Report {
  /** tfjs's name of the backend. */
  backend: string;
  /** `describeBackend`'s line. */
  line: string;
  isIsolated: boolean;
  /** Threads of the engine, and how many workers it started. */
  threads: number;
  workers: number;
  forecaster: Trained;
  classifier: Trained;
  /** The trained classifier's file, in base64. */
  saved: string;
  /** Predictions of the classifier that Node trained and saved. */
  opened: number[];
  /** That file as it is saved again, in base64. */
  savedAgain: string;
}

const wasmPaths = {
  "tfjs-backend-wasm.wasm": vanilla,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threaded,
};

/** What came of it, or the error. */
export async function answerTo(setup: Setup): Promise<Answer<Report>> {
  const said = listening();
  try {
    return { done: await run(setup), said };
  } catch (error) {
    const { message, stack } = error as Error;
    return { failed: `${message}\n${stack}`, said };
  }
}

/** Selects the backend, trains and saves both models, opens Node's file. */
async function run({ backend: name, threads, size }: Setup): Promise<Report> {
  const workers = countWorkers();
  const selection = await selectBackend({ require: name, wasmPaths, allowSoftware: true });
  if (name === "webgpu") registerWebGPUKernels();
  setThreads(threads);
  const forecaster = await trainedForecaster(sizes[size]);
  const { file, ...classifier } = await trainedClassifier(sizes[size]);
  const model = await loadKerasModel(`/${size}.keras`);
  const opened = model.predict(reviews(sizes[size]).x) as Tensor;
  return {
    backend: getBackend(),
    line: describeBackend(selection),
    isIsolated: crossOriginIsolated,
    threads: getThreads(),
    workers: workers(),
    forecaster,
    classifier,
    saved: base64(file),
    opened: [...(await opened.data())],
    savedAgain: base64(await saveKerasModel(model)),
  };
}

/** Counts the workers that are started from here on. */
function countWorkers(): () => number {
  let count = 0;
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      count++;
    }
  };
  return () => count;
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
