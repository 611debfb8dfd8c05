// Dense as a stage: of rows, be they of a batch or of its steps.

import type { Tensor } from "@tensorflow/tfjs-core";
import { type FusedActivation, fusedActivations } from "../activation-names.ts";
import { readTensor, writeTensor } from "../tfjs/tensor-access.ts";
import { checkDense } from "./check-stage.ts";
import { addressIn, type Flow, flowAt, sizeOf } from "./flow.ts";
import type { Pass, Stage } from "./stage.ts";

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
      const { heap } = pass.instance;
      const regions: number[] = [];
      const release = () => {
        for (const region of regions.splice(0)) heap.release(region);
      };
      const { kernel, bias } = weights();
      checkDense(kernel.shape, bias?.shape, x.shape);
      const call: DenseCall = { kind, kernel, bias, regions, pass };
      try {
        const placed = forward(call, x);
        return {
          output: placed.y,
          backward: (dy, needsInput) => backward(call, x, placed, dy, needsInput),
          release,
        };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

interface DenseCall extends DenseWeights {
  kind: number;
  /** Of the engine's memory, kept until it is released. */
  regions: number[];
  pass: Pass;
}

/** A region for so many floats. */
function reserve({ regions, pass }: DenseCall, floats: number): number {
  const address = pass.instance.heap.allocate(floats * 4);
  regions.push(address);
  return address;
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
  const { kernels, heap } = call.pass.instance;
  const [K, N] = call.kernel.shape as [number, number];
  const rows = sizeOf(x.shape) / K;
  const from = addressIn(heap, x, call.regions);
  const row = padded(N);
  const w = reserve(call, K * N);
  const panels = reserve(call, K * row);
  const bias = call.bias ? reserve(call, row) : 0;
  const sums = reserve(call, rows * row);
  const y = reserve(call, rows * N);
  const floats = heap.f32();
  floats.set(readTensor(call.pass.backend, call.kernel) as Float32Array, w / 4);
  if (call.bias) {
    floats.fill(0, bias / 4 + N, bias / 4 + row);
    floats.set(readTensor(call.pass.backend, call.bias) as Float32Array, bias / 4);
  }
  kernels.packColumns(w, K, N, panels);
  kernels.denseSums(from, K * 4, rows, panels, K, N, bias, sums, row * 4);
  if (call.kind !== 0) kernels.activateDense(call.kind, sums, row * 4, rows, N);
  kernels.moveRows(sums, row * 4, rows, N, y, N * 4);
  return { from, w, y: flowAt(heap, y, [...x.shape.slice(0, -1), N], { mask: x.mask }) };
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
  const { kernel, bias } = call;
  const [K, N] = kernel.shape as [number, number];
  const rows = sizeOf(x.shape) / K;
  const row = padded(N);
  const back = addressIn(heap, dy, call.regions);
  const dz = reserve(call, rows * row);
  kernels.denseGradients(call.kind, y.address as number, back, rows, N, dz, row * 4);
  const ofKernel = trained.has(kernel);
  const ofBias = bias !== undefined && trained.has(bias);
  if (ofKernel || ofBias) {
    const dw = reserve(call, K * row);
    const db = reserve(call, row);
    kernels.denseWeightGradients(from, K * 4, rows, dz, row * 4, K, N, dw, db);
    const close = reserve(call, K * N);
    kernels.moveRows(dw, row * 4, K, N, close, N * 4);
    const floats = heap.f32();
    const at = (address: number, n: number) => floats.subarray(address / 4, address / 4 + n);
    if (ofKernel) gradients.set(kernel, writeTensor(backend, [K, N], at(close, K * N)));
    if (ofBias) gradients.set(bias, writeTensor(backend, [N], at(db, N)));
  }
  if (!needsInput) return undefined;
  const panels = reserve(call, padded(K) * N);
  const wide = padded(K);
  const sums = reserve(call, rows * wide);
  const dx = reserve(call, rows * K);
  kernels.packRows(w, N, K, panels);
  kernels.denseSums(dz, row * 4, rows, panels, N, K, 0, sums, wide * 4);
  kernels.moveRows(sums, wide * 4, rows, K, dx, K * 4);
  return flowAt(heap, dx, x.shape);
}
