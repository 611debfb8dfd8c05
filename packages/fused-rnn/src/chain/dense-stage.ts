// Dense as a stage: of rows, be they of a batch or of its steps.

import type { Tensor } from "@tensorflow/tfjs-core";
import { type FusedActivation, fusedActivations } from "../activation-names.ts";
import { readTensor, writeTensor } from "../tfjs/tensor-access.ts";
import { checkDense } from "./check-stage.ts";
import { type Flow, sizeOf } from "./flow.ts";
import type { Pass, Stage } from "./stage.ts";
import { keeping, type StageMemory } from "./stage-memory.ts";

/** Activations of a dense stage: those of the kernels, and softmax. */
export type DenseActivation = FusedActivation | "softmax";

/** Weights of a Dense layer: [K, N] and [N]. */
export interface DenseWeights {
  kernel: Tensor;
  bias?: Tensor | undefined;
}

const SOFTMAX = -1;

/** Floats of a row that panels of 16 columns fill. */
const padded = (n: number) => Math.ceil(n / 16) * 16;

/**
 * Dense of a chain: y = act(x·W + b) for each row of [..., K], to [..., N].
 *
 * @throws when it runs, for weights or rows of other shapes.
 * @example
 * denseStage("sigmoid", () => ({ kernel, bias }));
 */
export function denseStage(activation: DenseActivation, weights: () => DenseWeights): Stage {
  const kind = activation === "softmax" ? SOFTMAX : fusedActivations.indexOf(activation);
  return {
    weights: () => Object.values(weights()).filter((weight) => weight !== undefined),
    run(x, pass) {
      const { kernel, bias } = weights();
      checkDense(kernel.shape, bias?.shape, x.shape);
      return keeping(pass.instance.heap, (memory) => {
        const call: DenseCall = { kind, kernel, bias, memory, pass };
        const placed = forward(call, x);
        return {
          output: placed.y,
          backward: (dy, needsInput) => backward(call, x, placed, dy, needsInput),
        };
      });
    },
  };
}

interface DenseCall extends DenseWeights {
  kind: number;
  memory: StageMemory;
  pass: Pass;
}

/** Numbers in the engine's memory. */
interface Placed {
  /** What came in: where it was before, it may have moved by the time of the backward pass. */
  from: number;
  /** The kernel as it is. */
  w: number;
  y: Flow;
}

function forward(call: DenseCall, x: Flow): Placed {
  const { memory } = call;
  const { kernels, heap } = call.pass.instance;
  const [K, N] = call.kernel.shape as [number, number];
  const rows = sizeOf(x.shape) / K;
  const from = memory.addressOf(x);
  const row = padded(N);
  const w = memory.reserve(K * N);
  const panels = memory.reserve(K * row);
  const bias = call.bias ? memory.reserve(row) : 0;
  const sums = memory.reserve(rows * row);
  const y = memory.make([...x.shape.slice(0, -1), N], { mask: x.mask });
  const floats = heap.f32();
  floats.set(readTensor(call.pass.backend, call.kernel) as Float32Array, w / 4);
  if (call.bias) {
    floats.fill(0, bias / 4 + N, bias / 4 + row);
    floats.set(readTensor(call.pass.backend, call.bias) as Float32Array, bias / 4);
  }
  kernels.packColumns(w, K, N, panels);
  kernels.denseSums(from, K * 4, rows, panels, K, N, bias, sums, row * 4);
  if (call.kind !== 0) kernels.activateDense(call.kind, sums, row * 4, rows, N);
  kernels.moveRows(sums, row * 4, rows, N, y.address as number, N * 4);
  return { from, w, y };
}

function backward(
  call: DenseCall,
  x: Flow,
  { from, w, y }: Placed,
  dy: Flow,
  needsInput: boolean,
): Flow | undefined {
  const { instance, trained, gradients, backend } = call.pass;
  const { kernels, heap } = instance;
  const { kernel, bias, memory } = call;
  const [K, N] = kernel.shape as [number, number];
  const rows = sizeOf(x.shape) / K;
  const row = padded(N);
  const back = memory.addressOf(dy);
  const dz = memory.reserve(rows * row);
  kernels.denseGradients(call.kind, y.address as number, back, rows, N, dz, row * 4);
  const ofKernel = trained.has(kernel);
  const ofBias = bias !== undefined && trained.has(bias);
  if (ofKernel || ofBias) {
    const dw = memory.reserve(K * row);
    const db = memory.reserve(row);
    kernels.denseWeightGradients(from, K * 4, rows, dz, row * 4, K, N, dw, db);
    const close = memory.reserve(K * N);
    kernels.moveRows(dw, row * 4, K, N, close, N * 4);
    const floats = heap.f32();
    const at = (address: number, n: number) => floats.subarray(address / 4, address / 4 + n);
    if (ofKernel) gradients.set(kernel, writeTensor(backend, [K, N], at(close, K * N)));
    if (ofBias) gradients.set(bias, writeTensor(backend, [N], at(db, N)));
  }
  if (!needsInput) return undefined;
  const panels = memory.reserve(padded(K) * N);
  const wide = padded(K);
  const sums = memory.reserve(rows * wide);
  const dx = memory.make(x.shape);
  kernels.packRows(w, N, K, panels);
  kernels.denseSums(dz, row * 4, rows, panels, N, K, 0, sums, wide * 4);
  kernels.moveRows(sums, wide * 4, rows, K, dx.address as number, K * 4);
  return dx;
}
