// Each cell's step against its equations worked by hand, and its backward against central
// differences under every activation and every form of dropout.

import { tolerances } from "@rnnkit/test-kit/tolerances";
import { expect, test } from "vitest";
import type { Cell, CellParams, StepDropout } from "./cell.ts";
import { cellOf } from "./cell-of.ts";
import { cellKinds, cellTable } from "./cell-table.ts";
import { checkGradients } from "./check-gradients.ts";
import { gruCell } from "./gru-cell.ts";
import { lstmCell } from "./lstm-cell.ts";
import { type Random, seededRandom } from "./random.ts";
import { rowActivationNames } from "./row-activations.ts";
import { simpleRnnCell } from "./simple-rnn-cell.ts";
import { stackedCells } from "./stacked-cells.ts";

const sizes = { inputSize: 2, units: 3 };
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const normals = (length: number, random: Random) =>
  Float64Array.from({ length }, () => 0.7 * random.normal());

function drawParams(cell: Cell, random: Random): CellParams {
  const columns = cell.gates * cell.units;
  return {
    kernel: normals(cell.inputSize * columns, random),
    recurrentKernel: normals(cell.units * columns, random),
    bias: normals(
      cell.biasShape.reduce((a, b) => a * b),
      random,
    ),
  };
}

function drawMasks(cell: Cell, perGate: boolean, random: Random): StepDropout {
  const versions = Array.from({ length: perGate ? cell.gates : 1 });
  const mask = (size: number) =>
    Float64Array.from({ length: size }, () => (random.uniform() < 0.4 ? 0 : 1 / 0.6));
  return {
    input: versions.map(() => mask(cell.inputSize)),
    recurrent: versions.map(() => mask(cell.units)),
  };
}

function proveBackward(cell: Cell, seed: number, dropout?: StepDropout): void {
  const random = seededRandom(seed);
  const params = drawParams(cell, random);
  const x = normals(cell.inputSize, random);
  const state = cell.stateSizes.map((size) => normals(size, random));
  const dOutput = normals(cell.units, random);
  const dState = cell.stateSizes.map((size) => normals(size, random));
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const loss = () => {
    const step = cell.step(params, x, state, dropout);
    return step.state.reduce((sum, s, k) => sum + dot(s, dState[k]), dot(step.output, dOutput));
  };
  const { tape } = cell.step(params, x, state, dropout);
  const dParams = cell.zerosLike(params);
  const gradients = cell.stepBackward(params, tape, dOutput, dState, dParams);
  checkGradients(
    loss,
    { x, ...params, h: state[0], c: state[1] },
    { x: gradients.dx, ...dParams, h: gradients.dState[0], c: gradients.dState[1] },
  );
}

for (const [index, activation] of rowActivationNames.entries()) {
  const other = rowActivationNames[(index + 1) % rowActivationNames.length];
  const gated = { ...sizes, activation, recurrentActivation: other };
  test(`backward is the central difference: ${activation}, gates ${other}`, () => {
    for (const [k, kind] of cellKinds.entries()) {
      const isGated = cellTable[kind].gates.length > 1;
      proveBackward(cellOf(kind, isGated ? gated : { ...sizes, activation }), k + 1);
    }
  });
}

for (const perGate of [false, true]) {
  test(`backward is the central difference under dropout, ${perGate ? "per gate" : "shared"}`, () => {
    for (const cell of cellKinds.map((kind) => cellOf(kind, sizes))) {
      for (let seed = 5; seed < 10; seed++) {
        proveBackward(cell, seed, drawMasks(cell, perGate, seededRandom(seed)));
      }
    }
  });
}

test("lstm: c′ = f·c + i·g, h′ = o·tanh c′, gates in the order i f c o", () => {
  const cell = lstmCell({ inputSize: 1, units: 1 });
  const params = {
    kernel: Float64Array.of(1, 2, 3, 4),
    recurrentKernel: Float64Array.of(0.1, 0.2, 0.3, 0.4),
    bias: Float64Array.of(-1, -2, -3, -4),
  };
  const { output, state } = cell.step(params, Float64Array.of(0.5), [
    Float64Array.of(2),
    Float64Array.of(3),
  ]);
  // z = 0.5·(1, 2, 3, 4) + 2·(0.1, 0.2, 0.3, 0.4) − (1, 2, 3, 4) = (−0.3, −0.6, −0.9, −1.2)
  const c = sigmoid(-0.6) * 3 + sigmoid(-0.3) * Math.tanh(-0.9);
  expect(state).toBeAllclose([[sigmoid(-1.2) * Math.tanh(c)], [c]], tolerances.reference.equations);
  expect(output).toEqual(state[0]);
});

test("gru: h′ = z·h + (1 − z)·n, reset behind or in front of U_h", () => {
  const params = {
    kernel: Float64Array.of(1, 2, 3),
    recurrentKernel: Float64Array.of(0.1, 0.2, 0.3),
  };
  const [x, h] = [Float64Array.of(0.5), Float64Array.of(2)];
  const [z, r] = [sigmoid(0.5 + 0.2), sigmoid(1 + 0.4)];

  const after = gruCell({ inputSize: 1, units: 1 });
  const twoRows = { ...params, bias: Float64Array.of(0, 0, -1, 0, 0, 10) };
  const n = Math.tanh(1.5 - 1 + r * (0.6 + 10));
  expect(after.step(twoRows, x, [h]).output).toBeAllclose(
    [z * 2 + (1 - z) * n],
    tolerances.reference.equations,
  );

  // One feature cannot tell (r·h)·U from r·(h·U); two units whose U swaps them can.
  const before = gruCell({ inputSize: 1, units: 2, resetAfter: false });
  const swap = Float64Array.of(0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0);
  const [r0, r1] = [sigmoid(1), sigmoid(3)];
  const { output } = before.step(
    { kernel: new Float64Array(6), recurrentKernel: swap },
    Float64Array.of(9),
    [Float64Array.of(1, 3)],
  );
  expect(output).toBeAllclose(
    [0.5 * 1 + 0.5 * Math.tanh(r1 * 3), 0.5 * 3 + 0.5 * Math.tanh(r0 * 1)],
    tolerances.reference.equations,
  );
});

test("gru: dropout of the state leaves the blend z·h alone", () => {
  const cell = gruCell({ inputSize: 1, units: 1 });
  const params = { kernel: new Float64Array(3), recurrentKernel: new Float64Array(3).fill(5) };
  const dropped = { recurrent: [Float64Array.of(0)] };
  // Nothing reaches the gates: z = ½, n = 0, h′ = ½·h.
  const { output } = cell.step(params, Float64Array.of(1), [Float64Array.of(0.8)], dropped);
  expect(output).toEqual(Float64Array.of(0.4));
});

test("stackedCells: a stack's step is one cell's after the other's", () => {
  const [first, second] = [
    lstmCell({ inputSize: 2, units: 3 }),
    gruCell({ inputSize: 3, units: 4 }),
  ];
  const random = seededRandom(1);
  const params = [drawParams(first, random), drawParams(second, random)];
  const state = [3, 3, 4].map((size) => normals(size, random));
  const x = normals(2, random);
  const one = first.step(params[0], x, state.slice(0, 2));
  const two = second.step(params[1], one.output, state.slice(2));
  const stack = stackedCells([first, second]);
  expect(stack.step(params, x, state).output).toEqual(two.output);
  expect(stack.step(params, x, state).state).toEqual([...one.state, ...two.state]);
});

test("sizes, words and shapes that do not fit are refused", () => {
  expect(() => lstmCell({ inputSize: 2.5, units: 3 })).toThrow(
    "lstm: expected inputSize to be a positive integer, got 2.5",
  );
  expect(() => gruCell({ ...sizes, activation: "tan" as "tanh" })).toThrow(
    /gru: expected activation to be one of tanh, sigmoid, .*, got "tan"/,
  );
  expect(() => stackedCells([])).toThrow("expected at least one cell");
  expect(() => stackedCells([simpleRnnCell(sizes), simpleRnnCell(sizes)])).toThrow(
    "stackedCells: expected cell 1 to take 3 features, got 2",
  );
  const cell = lstmCell(sizes);
  const params = drawParams(cell, seededRandom(1));
  expect(() => cell.checkParams({ ...params, kernel: new Float64Array(18) })).toThrow(
    "lstm: expected kernel of shape [2, 12], got 18 numbers",
  );
  const single = new Float32Array(24) as unknown as Float64Array;
  expect(() => cell.checkParams({ ...params, kernel: single })).toThrow(
    "lstm: expected kernel as a Float64Array, got an instance of Float32Array",
  );
  expect(() => cell.step(params, new Float64Array(2), [new Float64Array(3)])).toThrow(
    "lstm: expected 2 vectors of state, got 1",
  );
  const state = [new Float64Array(3), new Float64Array(3)];
  const step = (dropout: StepDropout) => () =>
    cell.step(params, new Float64Array(2), state, dropout);
  expect(step({ input: [new Float64Array(2), new Float64Array(2)] })).toThrow(
    "lstm: expected 4 input dropout masks (or 1), got 2",
  );
  expect(step({ recurrent: [new Float64Array(2)] })).toThrow(
    "lstm: expected recurrent dropout mask 0 of shape [3], got 2 numbers",
  );
  const { tape } = cell.step(params, new Float64Array(2), state);
  expect(() =>
    cell.stepBackward(params, tape, new Float64Array(1), state, cell.zerosLike(params)),
  ).toThrow("lstm: expected dOutput of shape [3], got 1 numbers");
});
