import { cellOf, checkGradients, runSequence, simpleRnnCell } from "@rnnkit/core-rnn";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DrawnCell,
  defaultSettings,
  drawnCells,
  fading,
  type UnrolledNetwork,
  type UnrolledSettings,
  unrolledNetwork,
  unrolledPasses,
} from "./backpropagation.ts";

const cells = Object.keys(drawnCells) as DrawnCell[];
const kinds = { simpleRnn: "simpleRnn", lstm: "lstm", gru: "gruAfter" } as const;

const settings = fc.record<UnrolledSettings>({
  steps: fc.integer({ min: 2, max: 12 }),
  units: fc.integer({ min: 1, max: 5 }),
  recurrentScale: fc.double({ min: 0.5, max: 1.5, noNaN: true }),
  inputScale: fc.double({ min: 0.2, max: 2, noNaN: true }),
  gateBias: fc.double({ min: 0, max: 4, noNaN: true }),
  seed: fc.nat(1000),
});

/** Where y is next to its target, the rounding of their difference is more than what differences of it may show. */
const leastLoss = 0.05;
/** Drawn networks may explode: the fourth derivative of their loss then shows in its differences. */
const options = { tolerance: 1e-6, step: 3e-4 };

/** The loss that is drawn, from a state at step t on: the loop over time runs the steps after it in one call. */
function lossFrom(network: UnrolledNetwork, t: number, state: Float64Array[]): number {
  const { cell: name, params, outputKernel, inputs, target } = network;
  const units = outputKernel.length;
  const rest = inputs.slice(t + 1);
  const shape = [1, rest.length, 1];
  const last =
    rest.length === 0
      ? state[0]
      : runSequence(
          cellOf(kinds[name], { inputSize: 1, units }),
          params,
          { data: rest, shape },
          {
            initialState: state,
          },
        ).state[0];
  const y = last.reduce((sum, h, j) => sum + h * outputKernel[j], 0);
  return 0.5 * (y - target) ** 2;
}

test.each(cells)("every ∂L/∂h_t that is drawn is the slope of the loss (%s)", (cell) => {
  fc.assert(
    fc.property(settings, fc.nat(), (drawn, where) => {
      const network = unrolledNetwork(cell, drawn);
      const { steps } = unrolledPasses(network);
      const t = where % drawn.steps;
      const { h, c, dh } = steps[t];
      const moved = h.slice();
      const loss = () => lossFrom(network, t, c ? [moved, c] : [moved]);
      fc.pre(loss() > leastLoss);
      checkGradients(loss, { h: moved }, { h: dh }, options);
    }),
    { numRuns: 40 },
  );
});

test("every ∂L/∂c_t that is drawn is the slope of the loss, through h_t = o ⊙ tanh(c_t) too", () => {
  fc.assert(
    fc.property(settings, fc.nat(), (drawn, where) => {
      const network = unrolledNetwork("lstm", drawn);
      const t = where % drawn.steps;
      const { h, c, dc } = unrolledPasses(network).steps[t];
      const gate = h.map((value, j) => value / Math.tanh(c![j]));
      const moved = c!.slice();
      const loss = () =>
        lossFrom(network, t, [moved.map((value, j) => gate[j] * Math.tanh(value)), moved]);
      fc.pre(loss() > leastLoss);
      checkGradients(loss, { c: moved }, { c: dc! }, options);
    }),
    { numRuns: 40 },
  );
});

const ratio = (cell: DrawnCell, changed: Partial<UnrolledSettings>) =>
  fading(unrolledPasses(unrolledNetwork(cell, { ...defaultSettings, ...changed }))).ratio;
const seeds = [1, 2, 3, 4, 5];

test("over 40 steps SimpleRNN's gradient fades by orders of magnitude more than LSTM's and GRU's", () => {
  for (const seed of seeds) {
    const faded = ratio("simpleRnn", { steps: 40, seed });
    expect(faded).toBeLessThan(1e-6);
    expect(ratio("lstm", { steps: 40, seed })).toBeGreaterThan(1e5 * faded);
    expect(ratio("gru", { steps: 40, seed })).toBeGreaterThan(1e5 * faded);
    // With Keras's initial forget gate, σ(1) = 0.73, an LSTM's fades too, but less.
    const begun = ratio("lstm", { steps: 40, seed, gateBias: 1 });
    expect(begun).toBeGreaterThan(100 * faded);
    expect(begun).toBeLessThan(1e-3);
  }
});

test("a recurrent scale above 1 makes SimpleRNN's gradient grow, as long as its states are small", () => {
  for (const seed of seeds) {
    const grown = ratio("simpleRnn", { recurrentScale: 1.5, inputScale: 1e-9, seed });
    expect(grown).toBeCloseTo(1.5 ** 19, -1);
    expect(ratio("simpleRnn", { recurrentScale: 1.5, inputScale: 0.05, seed })).toBeGreaterThan(1);
  }
});

test("a step's gradient is at most the recurrent scale times that of the step after it", () => {
  fc.assert(
    fc.property(settings, (drawn) => {
      const { steps } = unrolledPasses(unrolledNetwork("simpleRnn", drawn));
      for (const [t, { dhNorm }] of steps.slice(1).entries()) {
        expect(steps[t].dhNorm).toBeLessThanOrEqual(drawn.recurrentScale * dhNorm * (1 + 1e-12));
      }
    }),
    { numRuns: 50 },
  );
});

test("the loss is of the last output alone, against the first input", () => {
  const network = unrolledNetwork("simpleRnn", defaultSettings);
  const { steps, loss } = unrolledPasses(network);
  expect(loss).toBe((steps.at(-1)!.y - steps[0].x) ** 2 / 2);
  const { outputs } = runSequence(
    simpleRnnCell({ inputSize: 1, units: defaultSettings.units }),
    network.params,
    { data: network.inputs, shape: [1, defaultSettings.steps, 1] },
  );
  expect(steps.flatMap(({ h }) => [...h])).toEqual([...outputs.data]);
});
