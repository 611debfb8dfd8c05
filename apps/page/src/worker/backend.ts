import { describeBackend, selectBackend } from "@rnnkit/backend-select";
import vanilla from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import type { Backend } from "../app/settings.ts";
import type { BackendReport } from "./messages.ts";
import { fetchedFromGpu } from "./moved-numbers.ts";

// A built page lies in any folder: addresses are the worker's own, not the page's.
const wasmPaths = Object.fromEntries(
  Object.entries({
    "tfjs-backend-wasm.wasm": vanilla,
    "tfjs-backend-wasm-simd.wasm": simd,
    "tfjs-backend-wasm-threaded-simd.wasm": threaded,
  }).map(([name, address]) => [name, new URL(address, import.meta.url).href]),
);

/** What backend-select is asked for. */
const wishes = {
  auto: {},
  webgpu: { require: "webgpu" },
  "webgpu-any": { require: "webgpu", allowSoftware: true },
  wasm: { require: "wasm" },
  cpu: { require: "cpu" },
} as const satisfies Record<Backend, object>;

/** Starts the backend that is wished for, or the first that works, and says why not the others; the model comes along. */
export async function startBackend(wish: Backend): Promise<BackendReport> {
  await fetchedFromGpu();
  const selection = await selectBackend({
    wasmPaths,
    // What only Node has is no news in a page.
    exclude: ["tfjs-node-gpu", "tfjs-node"],
    ...wishes[wish],
  });
  if (selection.name === "webgpu") {
    const { registerWebGPUKernels } = await import("@rnnkit/fused-rnn/webgpu");
    registerWebGPUKernels();
  }
  const candidates = selection.candidates.filter(({ name }) => !name.startsWith("tfjs-node"));
  return { wish, name: selection.name, line: describeBackend(selection), candidates };
}
