// The fused operations beside the reference each must agree with: kernels, scaling and stream iterate it.

import {
  type Cell,
  type CellKind,
  type CellName,
  cellKinds,
  cellOf,
  cellTable,
  seededRandom,
  weightShapes,
} from "@rnnkit/core-rnn";
import type { RecurrentOptions, RecurrentResult, RecurrentWeights } from "@rnnkit/fused-rnn";
import * as fused from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { InvalidArgumentError } from "commander";

/** One operation in one form. */
export interface RecurrentOp {
  name: string;
  kind: CellKind;
  run(x: tf.Tensor3D, weights: RecurrentWeights, options: RecurrentOptions): RecurrentResult;
  reference(inputSize: number, units: number): Cell;
}

const operations: Pick<typeof fused, CellName> = fused;

/** As commands and results name a kind: simple_rnn, lstm, gru, gru_reset_before. */
function nameOf(kind: CellKind): string {
  const { name, options } = cellTable[kind];
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return options.resetAfter === false ? `${snake}_reset_before` : snake;
}

/** Every operation of @rnnkit/fused-rnn, a GRU in both forms of its reset gate. */
export const recurrentOps: readonly RecurrentOp[] = cellKinds.map((kind) => {
  const { name, options: ofKind } = cellTable[kind];
  return {
    ...{ name: nameOf(kind), kind },
    run: (x, weights, options) => operations[name](x, weights, { ...options, ...ofKind }),
    reference: (inputSize, units) => cellOf(kind, { inputSize, units }),
  };
});

/** G: matrices of width H side by side in a kernel. */
export function gateCount({ kind }: RecurrentOp): number {
  return cellTable[kind].gates.length;
}

/** The operation called **name**. */
export function opNamed(name: string): RecurrentOp {
  const op = recurrentOps.find((candidate) => candidate.name === name);
  if (!op) throw new Error(`opNamed: expected an operation's name, got ${name}`);
  return op;
}

/** B examples of T steps of I numbers, H units; **dx**: whether the input's gradient is wanted. */
export interface Shape {
  B: number;
  T: number;
  I: number;
  H: number;
  dx: boolean;
}

/** `32×500×32×32`, as B×T×I×H. */
export function shapeText({ B, T, I, H }: Shape): string {
  return [B, T, I, H].join("×");
}

/**
 * Reads `32x500x32x32`, or with ×; the input's gradient is wanted. For commander.
 *
 * @throws InvalidArgumentError
 */
export function parseShape(text: string): Shape {
  const sizes = text.split(/[x×]/).map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : 0));
  const [B = 0, T = 0, I = 0, H = 0] = sizes;
  if (sizes.length !== 4 || Math.min(...sizes) < 1) {
    throw new InvalidArgumentError("expected four whole numbers from 1 to 99999: BxTxIxH");
  }
  return { B, T, I, H, dx: true };
}

/** An operation with tensors to work on, made from a seed. */
export interface Problem {
  op: RecurrentOp;
  shape: Shape;
  x: tf.Tensor3D;
  weights: Required<RecurrentWeights>;
  /** Gradient of the last output, [B, H]. */
  dOutputs: tf.Tensor2D;
  dispose(): void;
}

/** Normal inputs, and weights that keep the units out of saturation. */
export function createProblem(op: RecurrentOp, shape: Shape, seed: number): Problem {
  const { B, T, I, H } = shape;
  const random = seededRandom(seed);
  const normal = (dims: number[], scale: number): tf.Tensor => {
    const size = dims.reduce((product, n) => product * n, 1);
    return tf.tensor(
      Float32Array.from({ length: size }, () => scale * random.normal()),
      dims,
      "float32",
    );
  };
  const x = normal([B, T, I], 1) as tf.Tensor3D;
  const shapes = weightShapes(op.kind, I, H);
  const weights = {
    kernel: normal(shapes.kernel, 1 / Math.sqrt(I + H)),
    recurrentKernel: normal(shapes.recurrentKernel, 1 / Math.sqrt(I + H)),
    bias: normal(shapes.bias, 0.1),
  };
  const dOutputs = normal([B, H], 1) as tf.Tensor2D;
  return {
    ...{ op, shape, x, weights, dOutputs },
    dispose: () => tf.dispose([x, ...Object.values(weights), dOutputs]),
  };
}

/** One call outside any gradient: nothing is kept for a backward pass. */
export function infer({ op, x, weights }: Problem): RecurrentResult {
  return op.run(x, weights, { returnSequences: false });
}

/** Gradients of Σ dOutputs·outputs, as `dx` (where wanted), `dKernel`, `dRecurrentKernel`, `dBias`. */
export interface ProblemGradients {
  dx?: tf.Tensor;
  dKernel: tf.Tensor;
  dRecurrentKernel: tf.Tensor;
  dBias: tf.Tensor;
}

/**
 * One forward and one backward pass by `tf.grads`. **onForward** is called between them, while what
 * forward keeps for backward is in memory. Call it inside `tf.tidy`.
 */
export function differentiate(
  { op, shape, x, weights, dOutputs }: Problem,
  onForward?: () => void,
): ProblemGradients {
  const { kernel, recurrentKernel, bias } = weights;
  const parameters = [kernel, recurrentKernel, bias];
  const gradients = tf.grads(() => {
    const { outputs } = op.run(x, weights, { returnSequences: false });
    onForward?.();
    return outputs;
  })(shape.dx ? [x, ...parameters] : parameters, dOutputs);
  const [dKernel, dRecurrentKernel, dBias] = gradients.slice(-3) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  return { ...(shape.dx && { dx: gradients[0] }), dKernel, dRecurrentKernel, dBias };
}
