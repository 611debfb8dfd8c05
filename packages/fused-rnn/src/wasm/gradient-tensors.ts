// Gradients of a backward pass as tensors.

import { weightShapes } from "@rnnkit/core-rnn";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";
import type { GradientName } from "../call.ts";
import { newTensors, writeTensor } from "../tfjs/tensor-access.ts";
import { gradientOf } from "./backward.ts";
import type { WasmSavedCall } from "./saved-call.ts";
import { addTokenGradients } from "./token-plan.ts";

/** A gradient of the last backward pass as a tensor. */
export function gradientTensor(
  saved: WasmSavedCall,
  name: GradientName,
  backend: KernelBackend,
): TensorInfo {
  const { B, T, I, H, cell } = saved.shape;
  if (name === "table") return tableGradient([saved], backend);
  const shapes: Record<Exclude<GradientName, "table">, number[]> = {
    ...weightShapes(cell, I, H),
    x: [B, T, I],
    h0: [B, H],
    c0: [B, H],
  };
  return writeTensor(backend, shapes[name], gradientOf(saved, name));
}

/** Of the distinct tokens' vectors, or of each step's, added up by the table's rows, over calls of one lookup. */
export function tableGradient(calls: readonly WasmSavedCall[], backend: KernelBackend): TensorInfo {
  const { I } = calls[0].shape;
  // Only a lookup has a table, and so a gradient of it.
  const { rows } = calls[0].lookup as NonNullable<WasmSavedCall["lookup"]>;
  const { arrays, finish } = newTensors(backend, [rows, I], 1);
  arrays[0].fill(0);
  for (const saved of calls) {
    const { ids } = saved.lookup as NonNullable<WasmSavedCall["lookup"]>;
    const width = saved.plan.tokens ? saved.layout.tokenVectorRow / 4 : I;
    addTokenGradients(gradientOf(saved, "x"), width, ids, arrays[0], I);
  }
  return finish()[0];
}
