// A recurrence as a stage, in one direction or in both.

import { type CellKind, cellTable } from "@rnnkit/core-rnn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { RecurrentActivationName } from "../activation-names.ts";
import type { RecurrentWeights } from "../options.ts";
import { readTensor } from "../tfjs/tensor-access.ts";
import type { ForwardArrays, ForwardCall, ForwardShape } from "../wasm/arrays.ts";
import { backwardTogether, gradientOf } from "../wasm/backward.ts";
import { type ForwardResult, forwardTogether } from "../wasm/forward.ts";
import { gradientTensor, tableGradient } from "../wasm/gradient-tensors.ts";
import { releaseSavedCall, type WasmSavedCall } from "../wasm/saved-call.ts";
import { checkDropout, checkFused, checkRecurrence, checkStates } from "./check-stage.ts";
import { type Flow, flowAt } from "./flow.ts";
import type { Pass, Stage } from "./stage.ts";

/** Dropout masks of one training pass, as `GatedOptions` has them. */
export interface DropoutArrays {
  inputDropoutMask?: Float32Array | undefined;
  recurrentDropoutMask?: Float32Array | undefined;
  /** 1 where all gates share them, else one for each gate. */
  variants: number;
}

/** What tells a recurrent stage from another. */
export interface RecurrentStageOptions {
  cell: CellKind;
  activation: RecurrentActivationName;
  recurrentActivation: RecurrentActivationName;
  returnSequences: boolean;
  goBackwards: boolean;
  /** Puts the outputs of all steps out in the opposite of the order in which they are read. Default *false*. */
  reverseOutputs?: boolean;
  zeroOutputForMask: boolean;
  /** As they are now. */
  weights(): RecurrentWeights;
  /** Draws the masks of a training pass over [B, T, I]; none where nothing drops out. */
  dropout?(B: number, I: number): DropoutArrays | undefined;
  /** [B, H] each; none: zero. */
  initialState?(): readonly Tensor[] | undefined;
  /** Takes the final states, in the engine's memory: copied before this returns. */
  carry?(state: readonly Float32Array[]): void;
}

/**
 * A recurrence of a chain, from [B, T, I] to [B, T, H], or to [B, H].
 *
 * @throws for an activation that is not fused; when it runs, for weights, a sequence, states or masks of other shapes.
 * @example
 * const weights = () => ({ kernel, recurrentKernel, bias });
 * recurrentStage({ cell: "lstm", activation: "tanh", recurrentActivation: "sigmoid", returnSequences: false, goBackwards: false, zeroOutputForMask: false, weights });
 */
export function recurrentStage(options: RecurrentStageOptions): Stage {
  checkActivations(options);
  return {
    weights: () => listed(options.weights()),
    run(x, pass) {
      const directions = runDirections([options], x, pass);
      return {
        output: directions.outputs[0],
        backward: (dy, needsInput) => directions.backward([dy], needsInput)?.[0],
        release: directions.release,
      };
    },
  };
}

/** Throws for activations that are not fused. */
export function checkActivations(options: RecurrentStageOptions): void {
  const who = `${cellTable[options.cell].name} stage`;
  checkFused(who, options.activation);
  checkFused(who, options.recurrentActivation);
}

/** Weights in Keras's order. */
export function listed({ kernel, recurrentKernel, bias }: RecurrentWeights): Tensor[] {
  return bias ? [kernel, recurrentKernel, bias] : [kernel, recurrentKernel];
}

/** One direction, or two over one sequence, that ran. */
interface DirectionsRun {
  outputs: Flow[];
  /** dx by each direction. */
  backward(dys: readonly Flow[], needsInput: boolean): Flow[] | undefined;
  release(): void;
}

/** Runs one direction, or two that are alike but for direction and data. */
export function runDirections(
  directions: readonly RecurrentStageOptions[],
  x: Flow,
  pass: Pass,
): DirectionsRun {
  const { heap } = pass.instance;
  const calls = directions.map((direction) => callOf(direction, x, pass));
  const results = forwardTogether(calls);
  const saved = results.flatMap((result) => result.saved ?? []);
  const release = () => {
    for (const each of saved) releaseSavedCall(each);
    for (const result of results) result.release();
  };
  try {
    for (const [i, { carry }] of directions.entries()) carry?.(results[i].state);
  } catch (error) {
    release();
    throw error;
  }
  return {
    outputs: results.map((result, i) => outputOf(calls[i], result, x, pass)),
    backward(dys, needsInput) {
      // As they are read: allocating may move them.
      const cotangents = dys.map((dy) => ({
        get outputs() {
          return dy.read();
        },
      }));
      backwardTogether(
        saved.map((each, i) => ({ saved: each, cotangents: cotangents[i] })),
        needsInput,
      );
      for (const [i, direction] of directions.entries()) keepGradients(saved[i], direction, pass);
      if (!needsInput) return undefined;
      if (x.lookup) {
        const { weight } = x.lookup;
        if (pass.trained.has(weight)) {
          pass.gradients.set(weight, tableGradient(saved, pass.backend));
        }
        return undefined;
      }
      return saved.map((each) => flowAt(heap, gradientOf(each, "x").byteOffset, x.shape));
    },
    release,
  };
}

function callOf(direction: RecurrentStageOptions, x: Flow, pass: Pass): ForwardCall {
  const { cell, activation, recurrentActivation } = direction;
  const { returnSequences, goBackwards, reverseOutputs = false, zeroOutputForMask } = direction;
  const [B, T, I] = x.shape;
  const weights = direction.weights();
  checkRecurrence(cell, weights, x);
  const H = weights.recurrentKernel.shape[0];
  const dropout = pass.training ? direction.dropout?.(B, I) : undefined;
  if (dropout) {
    const rows = { inputDropoutMask: B * I, recurrentDropoutMask: B * H };
    checkDropout(cell, dropout, dropout.variants, rows);
  }
  const initialState = direction.initialState?.();
  checkStates(cell, initialState, B, H);
  const shape: ForwardShape = {
    ...{ cell, B, T, I, H, activation, recurrentActivation },
    ...{ returnSequences, goBackwards, reverseOutputs, zeroOutputForMask },
    masked: x.mask !== undefined,
    dropoutVariants: dropout?.variants ?? 0,
    training: pass.training,
  };
  const read = (tensor: Tensor) => readTensor(pass.backend, tensor) as Float32Array;
  const data: ForwardArrays = {
    // As it is read: allocating may move it.
    get x() {
      return x.lookup ? undefined : x.read();
    },
    lookup: x.lookup,
    prefixIds: x.prefixIds,
    kernel: read(weights.kernel),
    recurrentKernel: read(weights.recurrentKernel),
    bias: weights.bias ? read(weights.bias) : undefined,
    initialState: initialState?.map(read),
    mask: x.mask,
    inputDropoutMask: dropout?.inputDropoutMask,
    recurrentDropoutMask: dropout?.recurrentDropoutMask,
  };
  const { kernel, recurrentKernel, bias } = weights;
  const identity = {
    kernel: kernel.dataId,
    recurrentKernel: recurrentKernel.dataId,
    bias: bias?.dataId,
  };
  return { shape, data, identity };
}

function outputOf({ shape, data }: ForwardCall, result: ForwardResult, x: Flow, pass: Pass): Flow {
  const { B, T, H, returnSequences, goBackwards, reverseOutputs, masked, dropoutVariants } = shape;
  const address = result.outputs.byteOffset;
  const { heap } = pass.instance;
  if (!returnSequences) return flowAt(heap, address, [B, H]);
  // Rows that begin alike are worked out alike where nothing is a row's own; reversed, outputs end alike.
  const isAlike = !masked && !data.initialState && dropoutVariants === 0;
  const prefixIds =
    isAlike && !goBackwards && !reverseOutputs ? (x.lookup?.ids ?? x.prefixIds) : undefined;
  return flowAt(heap, address, [B, T, H], { mask: x.mask, prefixIds });
}

function keepGradients(saved: WasmSavedCall, direction: RecurrentStageOptions, pass: Pass): void {
  const { kernel, recurrentKernel, bias } = direction.weights();
  for (const [name, weight] of Object.entries({ kernel, recurrentKernel, bias })) {
    if (!weight || !pass.trained.has(weight)) continue;
    pass.gradients.set(weight, gradientTensor(saved, name as "kernel", pass.backend));
  }
}
