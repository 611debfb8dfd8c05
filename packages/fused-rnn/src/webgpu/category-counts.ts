// How often each category is in a row: tfjs-layers' CategoryEncoding.

import { DenseBincount, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { Replacement } from "../tfjs/wasm-overrides.ts";
import { dtypeOnDevice, type GpuBackend } from "./gpu-backend.ts";
import { dispatch, inTwo, type Program, runOf } from "./program.ts";
import { mainInTwo } from "./wgsl.ts";

/** A thread a row and category: what each of its places weighs, added up in their order, or whether there is one. */
const counts = (element: "f32" | "i32"): Program<"ids" | "weights" | "out"> => ({
  name: `category counts ${element}`,
  storage: { ids: "words", weights: "words", out: "wordsOut" },
  numbers: ["rows", "columns", "categories", "isWeighted", "isBinary"],
  text: () => `${mainInTwo(64)}
  let at = place * 64u + lane;
  if (at >= call.rows * call.categories) { return; }
  let first = (at / call.categories) * call.columns;
  var count = ${element}(0);
  for (var i = first; i < first + call.columns; i++) {
    if (ids[i] != at % call.categories) { continue; }
    if (call.isBinary != 0u) { count = ${element}(1); }
    else if (call.isWeighted != 0u) { count += bitcast<${element}>(weights[i]); }
    else { count += ${element}(1); }
  }
  out[at] = bitcast<u32>(count);
}`,
});

/**
 * Counts of categories, in the order of their places. tfjs's own leaves some of a row's out, and makes a program that no
 * device takes where it is to say which there are: the two modes of CategoryEncoding, and its default.
 */
export const categoryCounts: Replacement = {
  kernelName: DenseBincount,
  make: (stock) => ({
    ...stock,
    kernelFunc(params) {
      const backend = params.backend as GpuBackend;
      const { x, weights } = params.inputs as { x: TensorInfo; weights: TensorInfo };
      const { size, binaryOutput } = params.attrs as { size: number; binaryOutput: boolean };
      const isEmpty = util.sizeFromShape(x.shape) * size === 0;
      if (isEmpty || x.shape.length > 2) return stock.kernelFunc(params);
      const [columns, rows = 1] = [...x.shape].reverse();
      const isWeighted = util.sizeFromShape(weights.shape) > 0;
      const element = dtypeOnDevice(backend, weights) === "float32" ? "f32" : "i32";
      const out = backend.makeTensorInfo([...x.shape.slice(0, -1), size], weights.dtype);
      const tensors = { ids: x, weights: isWeighted ? weights : undefined, out };
      const run = runOf(counts(element), tensors, inTwo(Math.ceil((rows * size) / 64)));
      const flags = { isWeighted: isWeighted ? 1 : 0, isBinary: binaryOutput ? 1 : 0 };
      dispatch(backend, [run], [{ rows, columns, categories: size, ...flags }]);
      return out;
    },
  }),
};
