// Keras's initial values, from a seeded generator. The distributions are Keras's; the numbers are not.

import type { Cell, CellParams } from "./cell.ts";
import { cellTable } from "./cell-table.ts";
import { checkPositiveInteger, checkRandom, checkShape, sizeOf } from "./check.ts";
import { checkKinds, optionKinds } from "./option-kinds.ts";
import { checkOptions } from "./options.ts";
import { orthogonal } from "./orthogonal.ts";
import { type Random, seededRandom } from "./random.ts";

/** Zeros. */
export function zeros(shape: readonly number[]): Float64Array {
  checkShape("zeros", shape);
  return new Float64Array(sizeOf(shape));
}

/** Ones. */
export function ones(shape: readonly number[]): Float64Array {
  checkShape("ones", shape);
  return new Float64Array(sizeOf(shape)).fill(1);
}

/** Uniform in [**min**, **max**); Keras's RandomUniform has the defaults *−0.05* and *0.05*. */
export function uniform(
  shape: readonly number[],
  random: Random,
  options: { min?: number; max?: number } = {},
): Float64Array {
  checkShape("uniform", shape);
  checkRandom("uniform", random);
  checkOptions("uniform", options, ["min", "max"]);
  const { min = -0.05, max = 0.05 } = options;
  if (!(min <= max)) throw new RangeError(`uniform: expected min <= max, got ${min} and ${max}`);
  return new Float64Array(sizeOf(shape)).map(() => min + (max - min) * random.uniform());
}

/**
 * Uniform in ±√(6/(fanIn + fanOut)) for a matrix [fanIn, fanOut], so that neither activations nor
 * gradients grow or fade at the start. The fan-out of a kernel [I, G·H] is G·H, as in Keras.
 *
 * References: Glorot & Bengio 2010;
 * https://keras.io/api/layers/initializers/#glorotuniform-class
 *
 * @example
 * glorotUniform([2, 4], seededRandom(1)); // => 8 numbers in [-1, 1)
 */
export function glorotUniform(
  shape: readonly [fanIn: number, fanOut: number],
  random: Random,
): Float64Array {
  checkShape("glorotUniform", shape, 2);
  const limit = Math.sqrt(6 / (shape[0] + shape[1]));
  return uniform(shape, random, { min: -limit, max: limit });
}

/**
 * The LSTM bias [4H] that lets memory last at the start: 1 for the forget gate, 0 for i, c and o.
 *
 * Reference: Jozefowicz et al. 2015.
 *
 * @throws RangeError unless **units** is a positive integer.
 * @example
 * unitForgetBias(1); // => [0, 1, 0, 0]
 */
export function unitForgetBias(units: number): Float64Array {
  checkPositiveInteger("unitForgetBias", "units", units);
  const { gates } = cellTable.lstm;
  const forget = gates.indexOf("f") * units;
  return new Float64Array(gates.length * units).fill(1, forget, forget + units);
}

/** Options of `initialParams`. */
export interface InitialParamsOptions {
  /** Default *0*. */
  seed?: number;
  /** *false* leaves the bias out. Default *true*. */
  useBias?: boolean;
  /** For LSTM: the forget gate's bias begins at 1, else 0. Default *true*. */
  unitForgetBias?: boolean;
}

/**
 * A cell's parameters as Keras would begin: glorot uniform kernel, orthogonal recurrent kernel, zero
 * bias (`unitForgetBias` for LSTM). For `stackedCells`, call it for each cell.
 *
 * @throws RangeError for a stack.
 * @example
 * const cell = lstmCell({ inputSize: 3, units: 4 });
 * const { kernel, recurrentKernel, bias } = initialParams(cell, { seed: 1 });
 */
export function initialParams(
  cell: Pick<Cell, "kind" | "inputSize" | "units" | "gates" | "biasShape">,
  options: InitialParamsOptions = {},
): CellParams {
  checkOptions("initialParams", options, ["seed", "useBias", "unitForgetBias"]);
  const { flag } = optionKinds;
  checkKinds("initialParams", options, { useBias: flag, unitForgetBias: flag });
  const { seed = 0, useBias = true, unitForgetBias: unitForget = true } = options;
  const { kind, inputSize, units, gates, biasShape } = cell;
  if (kind === "stacked") {
    throw new RangeError(
      "initialParams: expected a single cell, got a stack; call it for each cell",
    );
  }
  const random = seededRandom(seed);
  const bias = kind === "lstm" && unitForget ? unitForgetBias(units) : zeros(biasShape);
  return {
    kernel: glorotUniform([inputSize, gates * units], random),
    recurrentKernel: orthogonal([units, gates * units], random),
    bias: useBias ? bias : undefined,
  };
}
