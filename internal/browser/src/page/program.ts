// What a page does, and a worker of one: select the backend, train, say what came of it.

import { describeBackend, selectBackend } from "@rnnkit/backend-select";
import { getThreads, setThreads } from "@rnnkit/fused-rnn";
import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import vanilla from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import {
  backend,
  type DataStorage,
  getBackend,
  type KernelBackend,
  type Tensor,
} from "@tensorflow/tfjs-core";
import type { Setup } from "../setup.ts";
import { reviews, sizes, type Trained, trainedClassifier, trainedForecaster } from "../training.ts";

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

/** Selects the backend, trains and saves both models, opens Node's file. */
export async function run({ backend: name, threads, size }: Setup): Promise<Report> {
  const workers = countWorkers();
  const selection = await selectBackend({ require: name, wasmPaths });
  if (name === "webgpu") refuseSynchronousReads();
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

/** Such a read of what lies on the GPU gives wrong numbers, and the device is lost afterwards. */
function refuseSynchronousReads(): void {
  const gpu = backend() as KernelBackend & { tensorMap: DataStorage<{ values?: unknown }> };
  const readSync = gpu.readSync.bind(gpu);
  gpu.readSync = (dataId) => {
    if (gpu.tensorMap.get(dataId).values == null)
      throw new Error("expected data(), got a synchronous read of the GPU's memory");
    return readSync(dataId);
  };
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
