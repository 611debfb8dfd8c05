import { type BackendName, selectBackend } from "@rnnkit/backend-select";
import { registerKernels, setThreads } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { type GpuAdapter, startGpu } from "../bench/gpu-device.ts";
import type { Variant } from "./schema.ts";

/** A backend that runs. */
interface Started {
  /** tfjs's own name of it. */
  tfBackend: string;
  /** Whether it has the gradient of an Embedding itself, without this project's kernels. */
  trainsEmbedding: boolean;
  adapter: string | null;
}

const started = new Map<string, Started | Error>();

/**
 * Starts a backend, once a process.
 *
 * @throws Error with the reason why it cannot be had; the same each time
 */
export async function startBackend(name: string): Promise<Started> {
  let outcome = started.get(name);
  if (!outcome) {
    outcome = await start(name).catch((error: Error) => error);
    started.set(name, outcome);
  }
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

// Asked before ours is registered on it, which any backend's start does.
let wasmTrainsEmbedding: Promise<boolean> | undefined;

async function start(name: string): Promise<Started> {
  wasmTrainsEmbedding ??= selectBackend({ require: "wasm" }).then(
    () => tf.getKernel("UnsortedSegmentSum", "wasm") !== undefined,
    () => false,
  );
  await wasmTrainsEmbedding;
  if (name === "webgpu") {
    const { adapter } = await startGpu();
    return { tfBackend: "webgpu", trainsEmbedding: true, adapter: adapterName(adapter) };
  }
  const { tfBackend } = await selectBackend({ require: name as BackendName });
  registerKernels();
  const trainsEmbedding = name !== "wasm" || (await wasmTrainsEmbedding);
  return { tfBackend, trainsEmbedding, adapter: null };
}

/** Makes the backend and the threads of a variant the current ones. */
export async function useVariant({
  backend,
  threads,
}: Pick<Variant, "backend" | "threads">): Promise<void> {
  await tf.setBackend((await startBackend(backend)).tfBackend);
  if (threads !== null) setThreads(threads);
}

function adapterName({ vendor, architecture, device, description, isSoftware }: GpuAdapter) {
  const name = [vendor, architecture, device, description].filter(Boolean).join(", ");
  return `${name || "unnamed"}${isSoftware ? "; software, on the CPU" : ""}`;
}
