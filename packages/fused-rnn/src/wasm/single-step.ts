// A call of one step on a few rows, as a streaming model makes them: worked out on tfjs's own tensors where
// they lie, by kernels that read the weights as Keras has them.

import { cellTable } from "@rnnkit/core-rnn";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import type { EngineCall, EngineResult } from "../engine.ts";
import { alias, newTensors, readTensors } from "../tfjs/tensor-access.ts";
import { activationNumber } from "./descriptor.ts";
import { tfjsHeapModule } from "./tfjs-heap-module.ts";
import { idsOf } from "./token-ids.ts";

/** Rows up to which reading the weights once a row takes less time than packing them. */
const MOST_ROWS = 4;
/** Units that the kernels do at a time. */
const GROUP = 8;

/**
 * Runs a call of one step in place, outside a gradient. Undefined where the other kernels must: on other
 * backends than wasm, under a mask or dropout, for many rows or fewer than 8 units, for a cell without such a
 * kernel.
 */
export function singleStep(
  { who, shape, inputs }: EngineCall,
  backend: KernelBackend,
): EngineResult<TensorInfo> | undefined {
  const { cell, B, T, I, H, masked, dropoutVariants } = shape;
  if (T !== 1 || B > MOST_ROWS || H < GROUP || masked || dropoutVariants) return undefined;
  const step = tfjsHeapModule(backend)?.[`${cell}Step`];
  if (!step) return undefined;
  const arrays = readTensors(backend, inputs);
  const at = (name: keyof typeof inputs) => arrays[name]?.byteOffset ?? 0;
  const weights = [at("kernel"), at("recurrentKernel"), at("bias")] as const;
  const [x, h0, c0] = [at("x"), at("h0"), at("c0")];
  // A vector for each row wherever it lies in the table; else all rows behind each other.
  const rows = inputs.table?.shape[0] ?? 0;
  const vectors =
    arrays.ids && Array.from(idsOf(who, arrays.ids, rows), (id) => at("table") + id * I * 4);
  // Addresses stay when the heap grows under a new tensor; the arrays above do not.
  const made = newTensors(backend, [B, H], cellTable[cell].states.length);
  const [h, c] = made.arrays.map(({ byteOffset }) => byteOffset);
  const act = activationNumber(shape.activation);
  const rec = activationNumber(shape.recurrentActivation);
  const run = (rows: number, from: number, first: number) => {
    const row = first * H * 4;
    const [h0At, c0At] = [h0 && h0 + row, c0 && c0 + row];
    step(rows, I, H, act, rec, from, ...weights, h0At, c0At, h + row, c + row);
  };
  if (!vectors) run(B, x, 0);
  else for (const [b, vector] of vectors.entries()) run(1, vector, b);
  const state = made.finish();
  const outputs = alias(backend, state[0], shape.returnSequences ? [B, 1, H] : [B, H]);
  return { outputs, state };
}
