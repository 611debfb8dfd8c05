// A call of the conformance suite: its shape, its numbers and its tensors by name, and what comes of it.

import {
  type CellKind,
  type CellName,
  cellTable,
  seededRandom,
  weightShapes,
} from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { bidirectional } from "../bidirectional.ts";
import { type CallShape, type GradientName, type InputName, initialStates } from "../call.ts";
import * as fused from "../index.ts";
import type {
  GatedOptions,
  RecurrentInput,
  RecurrentOptions,
  RecurrentResult,
  RecurrentWeights,
} from "../options.ts";

/** The numbers of a call's tensors; ids of float32 are those whose array is. */
export type Numbers = Partial<Record<InputName, Float32Array | Int32Array | Uint8Array>>;

/** The tensors of a call. */
export type Inputs = Partial<Record<InputName, tf.Tensor>>;

/** What is drawn beside a shape. */
export interface Drawn {
  initialState: boolean;
  mask: "none" | "random" | "left" | "right";
  input: "none" | "shared" | "gates";
  recurrent: "none" | "shared" | "gates";
  bias: boolean;
  seed: number;
}

/** Nothing but x and weights. */
export const plain: Drawn = {
  ...{ initialState: false, mask: "none", input: "none", recurrent: "none", bias: true, seed: 1 },
};

const operations: Pick<typeof fused, CellName> = fused;

/** The operation of a cell. */
export function recurrenceOf(
  cell: CellKind,
  x: RecurrentInput,
  weights: RecurrentWeights,
  options: GatedOptions,
): RecurrentResult {
  const { name, gates, options: ofKind } = cellTable[cell];
  const { recurrentActivation, ...others } = options;
  // A simpleRnn has no gates.
  const gated = gates.length > 1 ? { recurrentActivation } : {};
  return operations[name](x, weights, { ...others, ...gated, ...ofKind });
}

/** Both directions of a cell, the first with **options**, the second the other way and with **more**: outputs and states. */
export function bothDirections(
  cell: CellKind,
  x: RecurrentInput,
  weights: readonly [RecurrentWeights, RecurrentWeights],
  options: RecurrentOptions = {},
  more: RecurrentOptions = {},
): tf.Tensor[] {
  const { name, options: ofKind } = cellTable[cell];
  const { goBackwards = false } = options;
  const each = { ...options, ...ofKind };
  const second = { ...each, goBackwards: !goBackwards, ...more };
  const results = bidirectional(name, x, weights, [each, second]);
  return results.flatMap(({ outputs, state }) => [outputs, ...state]);
}

/** Units of which rows of gradients have more than 512 columns. */
export const manyUnits = (cell: CellKind): number =>
  Math.floor(512 / cellTable[cell].gates.length) + 5;

/** A small call of a cell, with these of its sizes and options. */
export function shapeOf(cell: CellKind, given: Partial<CallShape> = {}): CallShape {
  return {
    ...{ cell, B: 5, T: 7, I: 3, H: 6, activation: "tanh", recurrentActivation: "sigmoid" },
    ...{ returnSequences: true, goBackwards: false, reverseOutputs: false },
    ...{ zeroOutputForMask: false, masked: false, dropoutVariants: 0, ...given },
  };
}

/** The shape of a call with what is drawn. */
export function drawnShape(shape: CallShape, { mask, input, recurrent }: Drawn): CallShape {
  const G = cellTable[shape.cell].gates.length;
  const variants = { none: 0, shared: 1, gates: G };
  const dropoutVariants = Math.max(variants[input], variants[recurrent]);
  return { ...shape, masked: mask !== "none", dropoutVariants };
}

/** The numbers of a call with what is drawn. */
export function numbersOf({ cell, B, T, I, H }: CallShape, drawn: Drawn): Numbers {
  const G = cellTable[cell].gates.length;
  const random = seededRandom(drawn.seed);
  const fill = (n: number, scale = 1) =>
    Float32Array.from({ length: n }, () => random.normal() * scale);
  const factors = (n: number) =>
    Float32Array.from({ length: n }, () => (random.uniform() < 0.3 ? 0 : 1 / 0.7));
  const keeps = {
    none: () => true,
    random: () => random.uniform() < 0.6,
    left: (_: number, t: number) => t >= T / 3,
    right: (b: number, t: number) => t < T - (b % (T + 1)),
  }[drawn.mask];
  const numbers: Numbers = {
    x: fill(B * T * I),
    kernel: fill(I * G * H, 1 / Math.sqrt(I + 1)),
    // Without the normal distribution's tails: a unit that amplifies itself amplifies rounding too.
    recurrentKernel: Float32Array.from(
      { length: H * G * H },
      () => (2 * random.uniform() - 1) * Math.sqrt(2 / (H + 1)),
    ),
  };
  if (drawn.bias) numbers.bias = fill(tf.util.sizeFromShape(weightShapes(cell, I, H).bias), 0.5);
  if (drawn.initialState) for (const name of initialStates[cell]) numbers[name] = fill(B * H);
  if (drawn.mask !== "none") {
    numbers.mask = Uint8Array.from({ length: B * T }, (_, i) =>
      keeps(Math.floor(i / T), i % T) ? 1 : 0,
    );
  }
  const copies = { none: 0, shared: 1, gates: G };
  const [input, recurrent] = [copies[drawn.input] * B * I, copies[drawn.recurrent] * B * H];
  if (input) numbers.inputDropoutMask = factors(input);
  if (recurrent) numbers.recurrentDropoutMask = factors(recurrent);
  return numbers;
}

/** The call with vectors in place of the lookup. */
export function gathered({ I }: CallShape, { ids, table, ...rest }: Numbers): Numbers {
  if (!ids || !table) return rest;
  const x = new Float32Array(ids.length * I);
  for (const [k, id] of ids.entries()) x.set(table.subarray(id * I, (id + 1) * I), k * I);
  return { ...rest, x };
}

/** Tensors of the current backend. */
export function tensorsOf({ cell, B, T, I, H }: CallShape, numbers: Numbers): Inputs {
  const dropout = (width: number) => (n: number) =>
    n === B * width ? [B, width] : [n / (B * width), B, width];
  const weights = weightShapes(cell, I, H);
  const shapes: Record<InputName, (n: number) => number[]> = {
    x: () => [B, T, I],
    ids: () => [B, T],
    prefixIds: () => [B, T],
    table: (n) => [n / I, I],
    kernel: () => weights.kernel,
    recurrentKernel: () => weights.recurrentKernel,
    bias: () => weights.bias,
    h0: () => [B, H],
    c0: () => [B, H],
    mask: () => [B, T],
    inputDropoutMask: dropout(I),
    recurrentDropoutMask: dropout(H),
  };
  const inputs: Inputs = {};
  for (const [key, values] of Object.entries(numbers)) {
    const name = key as InputName;
    const dtype =
      name === "mask" ? "bool" : values instanceof Int32Array ? "int32" : ("float32" as const);
    inputs[name] = tf.tensor(values, shapes[name](values.length), dtype);
  }
  return inputs;
}

/** Outputs and final states by the operation, so by the engine in front. */
export function run(shape: CallShape, inputs: Inputs): tf.Tensor[] {
  const { x, ids, table, kernel, recurrentKernel, bias, h0, c0, mask } = inputs as Required<Inputs>;
  const { activation, recurrentActivation, returnSequences, goBackwards, ...rest } = shape;
  const { reverseOutputs, zeroOutputForMask } = rest;
  const { outputs, state } = recurrenceOf(
    shape.cell,
    x ?? { ids, table },
    { kernel, recurrentKernel, bias },
    {
      ...{ activation, recurrentActivation, returnSequences, goBackwards },
      ...{ reverseOutputs, zeroOutputForMask },
      initialState: h0 && (c0 ? [h0, c0] : [h0]),
      mask,
      inputDropoutMask: inputs.inputDropoutMask,
      recurrentDropoutMask: inputs.recurrentDropoutMask,
    },
  );
  return [outputs, ...state];
}

/** Numbers of tensors, awaited: a GPU's cannot be read at once. */
export function valuesOf(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  return Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
}

/** What `tf.tidy` is to a function that awaits. Scopes nest: of two that run at the same time neither is its own. */
export async function inScope<T>(body: () => Promise<T>): Promise<T> {
  tf.engine().startScope();
  try {
    return await body();
  } finally {
    tf.engine().endScope();
  }
}

/** What a function gives for each of a list, the next begun when the one before is done. */
export async function inTurn<T, R>(
  list: readonly T[],
  body: (each: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const each of list) results.push(await body(each));
  return results;
}

/** Expects the same numbers to the last bit; of many numbers, in a fraction of the time of toEqual. */
export function expectSameBits(
  got: readonly (Float32Array | undefined)[],
  wanted: readonly (Float32Array | undefined)[],
): void {
  const bits = (values: Float32Array | undefined) =>
    new Int32Array((values as Float32Array).slice().buffer);
  expect(got.length).toBe(wanted.length);
  for (const [k, values] of got.entries()) {
    const [is, was] = [bits(values), bits(wanted[k])];
    if (is.length === was.length && is.every((bit, i) => bit === was[i])) continue;
    expect(values).toEqual(wanted[k]);
    throw new Error(`expected the bits of result ${k}, got others`);
  }
}

const differentiable: readonly GradientName[] = [
  ...(["x", "table", "kernel", "recurrentKernel", "bias", "h0", "c0"] as const),
];

/** What of a call has a gradient. */
export function gradientNames(inputs: Inputs): GradientName[] {
  return differentiable.filter((name) => inputs[name]);
}

/** What comes back to outputs and states. */
export function cotangentsOf(
  { cell, B, T, H, returnSequences }: CallShape,
  seed: number,
): Float32Array[] {
  const random = seededRandom(seed);
  const sizes = [B * H * (returnSequences ? T : 1), ...cellTable[cell].states.map(() => B * H)];
  return sizes.map((length) => Float32Array.from({ length }, () => random.normal()));
}

/** What **make** gives of **given** where tfjs records it, and the gradients of what it costs. */
export async function gradientsOf(
  make: (...given: tf.Tensor[]) => tf.Tensor[],
  cost: (made: tf.Tensor[]) => tf.Tensor,
  given: tf.Tensor[],
): Promise<{ results: Float32Array[]; gradients: tf.Tensor[] }> {
  let made: tf.Tensor[] = [];
  const loss = (...values: tf.Tensor[]) => {
    // They are read when the tape has ended, and its scope with it.
    made = make(...values).map((y) => tf.keep(y));
    return cost(made);
  };
  const gradients = tf.grads(loss)(given);
  const results = await valuesOf(made);
  tf.dispose(made);
  return { results, gradients };
}

/** Results of a recorded call, and its gradients under cotangents by name, as tfjs asks for them. */
export async function differentiate(
  shape: CallShape,
  inputs: Inputs,
  cotangents: readonly Float32Array[],
  names: readonly GradientName[] = gradientNames(inputs),
  op: typeof run = run,
): Promise<{ results: Float32Array[]; gradients: Partial<Record<GradientName, Float32Array>> }> {
  const { results, gradients } = await gradientsOf(
    (...given) =>
      op(shape, { ...inputs, ...Object.fromEntries(names.map((name, k) => [name, given[k]])) }),
    (made) => tf.addN(made.map((y, k) => tf.sum(tf.mul(y, tf.tensor(cotangents[k], y.shape))))),
    names.map((name) => inputs[name] as tf.Tensor),
  );
  for (const [k, name] of names.entries()) {
    const [got, wanted] = [gradients[k].shape, (inputs[name] as tf.Tensor).shape];
    if (!tf.util.arraysEqual(got, wanted)) {
      throw new Error(`expected d${name} of shape [${wanted}], got [${got}]`);
    }
  }
  const values = await valuesOf(gradients);
  return { results, gradients: Object.fromEntries(names.map((name, k) => [name, values[k]])) };
}
