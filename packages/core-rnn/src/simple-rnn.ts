import type { Cell, CellParams } from "./cell.ts";
import { checkArray, checkPositiveInteger } from "./check.ts";
import { addTo, gateProduct, masked } from "./gate-product.ts";
import { glorotUniform, zeros } from "./initializers.ts";
import { checkOptions, shown } from "./options.ts";
import { orthogonal } from "./orthogonal.ts";
import { seededRandom } from "./random.ts";
import type { RowActivationName } from "./row-activations.ts";
import { runSequence, runSequenceBackward, type SequenceTape } from "./sequence.ts";
import type { Tensor64 } from "./sequence-options.ts";
import { simpleRnnCell } from "./simple-rnn-cell.ts";

/** Sizes and start of a `SimpleRNN`. */
export interface SimpleRnnOptions {
  /** I, the number of features of one input. */
  inputSize: number;
  /** H, the width of the hidden state. */
  hiddenSize: number;
  /** O, the number of features of one output. */
  outputSize: number;
  /** Of the hidden state; the output layer is linear. Default *tanh*. */
  activation?: RowActivationName;
  /**
   * Draws Wxh, Whh and Why normal with this standard deviation, as the tutorial does with *0.01*. Then a
   * state, and its gradient, shrink about 0.01·√H times with every step, and what lies further back is
   * learned late or never. Default: glorot uniform, Whh orthogonal, which keep their size.
   */
  stddev?: number;
  /** Of the initial weights. Default *0*. */
  seed?: number;
}

/** The weights of a `SimpleRNN`: flat, row-major, to be read and written in place. */
export interface SimpleRnnWeights {
  /** Input to hidden, [I, H]. */
  readonly Wxh: Float64Array;
  /** Hidden to hidden, [H, H]. */
  readonly Whh: Float64Array;
  /** Hidden to output, [H, O]. */
  readonly Why: Float64Array;
  /** Of the hidden state, [H]. */
  readonly bh: Float64Array;
  /** Of the output, [O]. */
  readonly by: Float64Array;
}

/** Every gradient of a `SimpleRNN`, each laid out like what it belongs to. */
export interface SimpleRnnGradients {
  dWxh: Float64Array;
  dWhh: Float64Array;
  dWhy: Float64Array;
  dbh: Float64Array;
  dby: Float64Array;
  /** [T, I]. */
  dInputs: Float64Array;
  /** [H]. */
  dInitialState: Float64Array;
}

/** A matrix: rows of numbers, or flat with its shape. */
export type Matrix = Tensor64 | readonly (readonly number[])[];

/**
 * The classic recurrent network of the textbooks, with its output layer and its whole backward pass.
 *
 *     h_t = act(x_t·Wxh + h_{t−1}·Whh + bh)
 *     y_t = h_t·Why + by
 *
 * One sequence at a time: `forward`, then `backward` with the gradient of the loss in the outputs,
 * then `step`. Kernels begin glorot uniform (Whh orthogonal), or normal with **stddev**; biases zero.
 *
 * Reference: Elman 1990; backpropagation through time, Werbos 1990.
 *
 * @throws RangeError for sizes that are not positive integers, an unknown activation or a stddev that is
 * not above 0; TypeError for an option of another name.
 * @example
 * const rnn = new SimpleRNN({ inputSize: 1, hiddenSize: 8, outputSize: 1, seed: 1 });
 * const { outputs } = rnn.forward([[0.1], [0.2], [0.3]]);
 * const target = [0.2, 0.3, 0.4];
 * rnn.backward({ data: outputs.data.map((y, t) => y - target[t]), shape: outputs.shape });
 * rnn.step(0.05, { clipNorm: 1 });
 */
export class SimpleRNN {
  readonly weights: SimpleRnnWeights;
  readonly #cell: Cell;
  readonly #params: CellParams;
  readonly #outputSize: number;
  #lastRun: { hidden: Float64Array; steps: number; tape: SequenceTape } | undefined;
  #gradients: SimpleRnnGradients | undefined;

  constructor(options: SimpleRnnOptions) {
    const names = ["inputSize", "hiddenSize", "outputSize", "activation", "stddev", "seed"];
    checkOptions("SimpleRNN", options, names, "{ inputSize: 1, hiddenSize: 8, outputSize: 1 }");
    const { inputSize, hiddenSize, outputSize, activation, stddev, seed = 0 } = options;
    checkPositiveInteger("SimpleRNN", "inputSize", inputSize);
    checkPositiveInteger("SimpleRNN", "hiddenSize", hiddenSize);
    checkPositiveInteger("SimpleRNN", "outputSize", outputSize);
    if (stddev !== undefined && !(stddev > 0 && Number.isFinite(stddev))) {
      throw new RangeError(`SimpleRNN: expected stddev above 0, got ${stddev}`);
    }
    this.#cell = simpleRnnCell({ inputSize, units: hiddenSize, activation });
    this.#outputSize = outputSize;
    const random = seededRandom(seed);
    const [ofKernel, ofRecurrent] =
      stddev === undefined ? [glorotUniform, orthogonal] : [normal(stddev), normal(stddev)];
    const kernel = ofKernel([inputSize, hiddenSize], random);
    const recurrentKernel = ofRecurrent([hiddenSize, hiddenSize], random);
    const bias = zeros([hiddenSize]);
    // The cell works on the very arrays that `weights` shows.
    this.#params = { kernel, recurrentKernel, bias };
    this.weights = {
      Wxh: kernel,
      Whh: recurrentKernel,
      Why: ofKernel([hiddenSize, outputSize], random),
      bh: bias,
      by: zeros([outputSize]),
    };
  }

  /**
   * From **inputs** [T, I] and an **initialState** [H] (default zeros) to all hidden states [T, H] and
   * outputs [T, O].
   *
   * @throws RangeError for inputs or a state of another shape.
   */
  forward(
    inputs: Matrix,
    initialState?: Float64Array,
  ): { hiddenStates: Tensor64; outputs: Tensor64 } {
    const { inputSize, units } = this.#cell;
    const x = toTensor("SimpleRNN.forward", "inputs", inputs, inputSize);
    if (initialState) checkArray("SimpleRNN.forward", "initialState", initialState, [units]);
    const steps = x.shape[0];

    const { outputs: hidden, tape } = runSequence(
      this.#cell,
      this.#params,
      { data: x.data, shape: [1, steps, inputSize] },
      { initialState: initialState && [initialState] },
    );
    this.#lastRun = { hidden: hidden.data, steps, tape };
    this.#gradients = undefined;

    const product = gateProduct(this.#outputSize, 0, 1);
    const outputs = new Float64Array(steps * this.#outputSize);
    for (let t = 0; t < steps; t++) {
      const y = outputs.subarray(t * this.#outputSize, (t + 1) * this.#outputSize);
      y.set(this.weights.by);
      const h = hidden.data.subarray(t * units, (t + 1) * units);
      product.add(y, masked(h), this.weights.Why);
    }
    return {
      hiddenStates: { data: hidden.data.slice(), shape: [steps, units] },
      outputs: { data: outputs, shape: [steps, this.#outputSize] },
    };
  }

  /**
   * From the gradient of the loss in the outputs [T, O] of the last `forward` (and, where the loss
   * also looks at the hidden states, **dHiddenStates** [T, H]) to every gradient. Each call begins
   * at zero.
   *
   * @throws Error before the first `forward`; RangeError for a gradient of another shape.
   */
  backward(dOutputs: Matrix, dHiddenStates?: Matrix): SimpleRnnGradients {
    if (!this.#lastRun)
      throw new Error("SimpleRNN.backward: expected a forward before it, got none");
    const { hidden, steps, tape } = this.#lastRun;
    const { units } = this.#cell;
    const { Why } = this.weights;
    const O = this.#outputSize;
    const who = "SimpleRNN.backward";
    const dy = toTensor(who, "dOutputs", dOutputs, O, steps).data;
    const dHidden = dHiddenStates
      ? toTensor(who, "dHiddenStates", dHiddenStates, units, steps).data.slice()
      : new Float64Array(steps * units);

    // y = h·Why + by
    const product = gateProduct(O, 0, 1);
    const dWhy = new Float64Array(Why.length);
    const dby = new Float64Array(O);
    for (let t = 0; t < steps; t++) {
      const dyt = dy.subarray(t * O, (t + 1) * O);
      const h = hidden.subarray(t * units, (t + 1) * units);
      const dh = dHidden.subarray(t * units, (t + 1) * units);
      product.addBackward(dh, dWhy, dyt, masked(h), Why);
      addTo(dby, dyt);
    }
    // h = act(x·Wxh + h·Whh + bh), through time
    const { dx, dParams, dInitialState } = runSequenceBackward(this.#cell, this.#params, tape, {
      dOutputs: dHidden,
    });
    this.#gradients = {
      dWxh: dParams.kernel,
      dWhh: dParams.recurrentKernel,
      dWhy,
      dbh: dParams.bias as Float64Array,
      dby,
      dInputs: dx,
      dInitialState: dInitialState[0],
    };
    return this.#gradients;
  }

  /**
   * One step of gradient descent with the gradients of the last `backward`. With **clipNorm** they
   * are scaled together so that the norm of all five is at most that. Needs a new `forward` and
   * `backward` after it.
   *
   * @throws Error without a `backward` since the last `forward` or `step`; RangeError for a learning
   * rate or clipNorm that is no such number, or gradients that are not finite: weights stay as they
   * were.
   */
  step(learningRate: number, options: { clipNorm?: number } = {}): void {
    checkOptions("SimpleRNN.step", options, ["clipNorm"]);
    const { clipNorm } = options;
    const gradients = this.#gradients;
    if (!gradients) throw new Error("SimpleRNN.step: expected a backward before it, got none");
    if (!Number.isFinite(learningRate)) {
      throw new RangeError(
        `SimpleRNN.step: expected a finite learning rate, got ${shown(learningRate)}`,
      );
    }
    if (clipNorm !== undefined && !(clipNorm > 0)) {
      throw new RangeError(`SimpleRNN.step: expected clipNorm above 0, got ${shown(clipNorm)}`);
    }
    const { Wxh, Whh, Why, bh, by } = this.weights;
    const { dWxh, dWhh, dWhy, dbh, dby } = gradients;
    const norm = Math.hypot(...[dWxh, dWhh, dWhy, dbh, dby].map(norm2));
    if (!Number.isFinite(norm)) {
      throw new RangeError(`SimpleRNN.step: expected finite gradients, got a norm of ${norm}`);
    }
    const scale = clipNorm !== undefined && norm > clipNorm ? clipNorm / norm : 1;
    descend(Wxh, dWxh, learningRate * scale);
    descend(Whh, dWhh, learningRate * scale);
    descend(Why, dWhy, learningRate * scale);
    descend(bh, dbh, learningRate * scale);
    descend(by, dby, learningRate * scale);
    this.#lastRun = undefined;
    this.#gradients = undefined;
  }
}

function normal(stddev: number): typeof glorotUniform {
  return ([rows, columns], random) =>
    Float64Array.from({ length: rows * columns }, () => stddev * random.normal());
}

function descend(weights: Float64Array, gradient: Float64Array, rate: number): void {
  for (let i = 0; i < weights.length; i++) weights[i] -= rate * gradient[i];
}

function norm2(gradient: Float64Array): number {
  return Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
}

function toTensor(
  who: string,
  what: string,
  matrix: Matrix,
  width: number,
  height?: number,
): Tensor64 {
  if (!Array.isArray(matrix) && !Array.isArray((matrix as Tensor64 | undefined)?.shape)) {
    const wanted = `${what} as rows of numbers or { data, shape }`;
    throw new TypeError(`${who}: expected ${wanted}, got ${shown(matrix)}`);
  }
  if ("shape" in matrix) {
    const { data, shape } = matrix;
    const rows = height ?? shape[0];
    if (shape.length !== 2 || shape[0] !== rows || shape[1] !== width || rows < 1) {
      const expected = `[${height ?? "T"}, ${width}]`;
      throw new RangeError(`${who}: expected ${what} of shape ${expected}, got ${shown(shape)}`);
    }
    checkArray(who, what, data, shape);
    return matrix;
  }
  if (matrix.length < 1 || matrix.length !== (height ?? matrix.length)) {
    throw new RangeError(
      `${who}: expected ${height ?? "one or more"} rows of ${what}, got ${matrix.length}`,
    );
  }
  for (const [t, row] of matrix.entries()) {
    if (row?.length !== width) {
      throw new RangeError(
        `${who}: expected ${what} of ${width} features, got ${row?.length ?? shown(row)} in row ${t}`,
      );
    }
  }
  return { data: Float64Array.from(matrix.flat()), shape: [matrix.length, width] };
}
