// A call of one step on a few rows, as a streaming model makes them: worked out on tfjs's own tensors where
// they lie, by kernels that read the weights as Keras has them.

import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import { type CallShape, fusedActivations } from "../call.ts";
import { alias, newTensors, readTensors } from "../tfjs/tensor-access.ts";
import { tfjsHeapModule } from "./tfjs-heap-module.ts";

/** Rows up to which reading the weights once a row takes less time than packing them. */
const MOST_ROWS = 4;
/** Units that the kernels do at a time. */
const GROUP = 8;

/**
 * Runs a call of one step in place: outputs, then the states. Undefined where the engine must: on other
 * backends than wasm, in training, under a mask or dropout, for many rows or fewer than 8 units, for a
 * GRU that resets before.
 */
export function singleStep(
  backend: KernelBackend,
  shape: CallShape,
  inputs: Readonly<Record<string, TensorInfo>>,
): TensorInfo[] | undefined {
  const { cell, B, T, I, H, masked, dropoutVariants, training } = shape;
  if (T !== 1 || B > MOST_ROWS || H < GROUP || training || masked || dropoutVariants)
    return undefined;
  if (cell === "gruBefore") return undefined;
  const kernels = tfjsHeapModule(backend);
  if (!kernels) return undefined;
  const arrays = readTensors(backend, inputs);
  const at = (name: string) => arrays[name]?.byteOffset ?? 0;
  const given = [at("x"), at("kernel"), at("recurrentKernel"), at("bias")] as const;
  const [h0, c0] = [at("h0"), at("c0")];
  // Addresses stay when the heap grows under a new tensor; the arrays above do not.
  const made = newTensors(backend, [B, H], cell === "lstm" ? 2 : 1);
  const [h, c] = made.arrays.map(({ byteOffset }) => byteOffset);
  const act = fusedActivations.indexOf(shape.activation);
  const rec = fusedActivations.indexOf(shape.recurrentActivation);
  if (cell === "lstm") kernels.lstmStep(B, I, H, act, rec, ...given, h0, c0, h, c);
  else if (cell === "simpleRnn") kernels.simpleRnnStep(B, I, H, act, ...given, h0, h);
  else kernels.gruStep(B, I, H, act, rec, ...given, h0, h);
  const states = made.finish();
  return [alias(backend, states[0], shape.returnSequences ? [B, 1, H] : [B, H]), ...states];
}
