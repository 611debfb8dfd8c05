// What a page can import as `./rnnkit.js`. Vite puts the .wasm file into the module, as it does for libraries.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { selectBackend as select } from "@rnnkit/backend-select";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import { env } from "@tensorflow/tfjs-core";

export { describeBackend } from "@rnnkit/backend-select";
export * from "@rnnkit/datasets-imdb";
export * from "@rnnkit/keras-builders";
export * from "@rnnkit/keras-files";
export * from "@rnnkit/preprocess";
export * as tf from "./tf.js";

/** backend-select's, with tfjs's WebAssembly at hand: that for one thread (the layers have threads of their own). */
export function selectBackend(options = {}) {
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  const wasmPaths = { "tfjs-backend-wasm-simd.wasm": simd };
  return select({ wasmPaths, ...options });
}
