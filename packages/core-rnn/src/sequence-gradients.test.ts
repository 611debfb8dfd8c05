import fc from "fast-check";
import { test } from "vitest";
import { B, both, cells, H, I, normals, sequence, sizes, states, T } from "../test/sequence-run.ts";
import { checkGradients } from "./check-gradients.ts";
import { gruCell } from "./gru-cell.ts";
import { initialParams } from "./initializers.ts";
import { lstmCell } from "./lstm-cell.ts";
import { runSequence, runSequenceBackward } from "./sequence.ts";
import { stackedCells } from "./stacked-cells.ts";

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);

const named = (arrays: readonly Float64Array[]) =>
  Object.fromEntries(arrays.map((array, k) => [`state${k}`, array]));

const anyOptions = fc.record({
  mask: fc.option(fc.array(fc.boolean(), { minLength: B * T, maxLength: B * T }), {
    nil: undefined,
  }),
  goBackwards: fc.boolean(),
  reverseOutputs: fc.boolean(),
  returnSequences: fc.boolean(),
  zeroOutputForMask: fc.boolean(),
});

test("backward is the central difference under any mask, direction, dropout and output option", () => {
  const dropped = fc.constantFrom(0, 1.6);
  fc.assert(
    fc.property(
      fc.constantFrom(...cells),
      anyOptions,
      fc.constantFrom("none", "shared", "gates"),
      fc.array(dropped, { minLength: 4 * B * H, maxLength: 4 * B * H }),
      fc.nat(),
      (cell, flags, kind, draws, seed) => {
        const count = kind === "gates" ? cell.gates : 1;
        const masks = kind !== "none" && {
          inputDropoutMask: Float64Array.from(draws.slice(0, count * B * I)),
          recurrentDropoutMask: Float64Array.from(draws.slice(0, count * B * H)),
        };
        const x = sequence(seed);
        const initialState = states(cell, seed);
        const options = { ...flags, ...masks, initialState };
        const params = initialParams(cell, { seed });
        const got = both(cell, params, x, options);
        const loss = () => {
          const { outputs, state } = runSequence(cell, params, x, options);
          return state.reduce(
            (sum, s, k) => sum + dot(s, got.dState[k]),
            dot(outputs.data, got.dOutputs),
          );
        };
        checkGradients(
          loss,
          { x: x.data, ...params, h0: initialState[0], c0: initialState[1] },
          { x: got.dx, ...got.dParams, h0: got.dInitialState[0], c0: got.dInitialState[1] },
        );
      },
    ),
    { numRuns: 60 },
  );
});

test("a stack of cells has its gradients too, each cell with its own dropout", () => {
  const inner = [lstmCell(sizes), gruCell({ inputSize: 3, units: 4 })];
  const stack = stackedCells(inner);
  const params = inner.map((cell, k) => initialParams(cell, { seed: k }));
  const x = sequence(1);
  const initialState = [normals(B * 3, 2), normals(B * 3, 3), normals(B * 4, 4)];
  const mask = (length: number, seed: number) => normals(length, seed).map((v) => (v < 0 ? 0 : 2));
  const options = {
    initialState,
    mask: [1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    cellDropout: [
      { inputDropoutMask: mask(B * 2, 5) },
      { recurrentDropoutMask: mask(3 * B * 4, 6) },
    ],
  };
  const forward = runSequence(stack, params, x, options);
  const dOutputs = normals(B * T * 4, 7);
  const got = runSequenceBackward(stack, params, forward.tape, { dOutputs });
  const [first, second] = params;
  checkGradients(
    () => dot(runSequence(stack, params, x, options).outputs.data, dOutputs),
    { x: x.data, k0: first.kernel, u0: first.recurrentKernel, k1: second.kernel, b1: second.bias },
    {
      x: got.dx,
      k0: got.dParams[0].kernel,
      u0: got.dParams[0].recurrentKernel,
      k1: got.dParams[1].kernel,
      b1: got.dParams[1].bias,
    },
  );
  checkGradients(
    () => dot(runSequence(stack, params, x, options).outputs.data, dOutputs),
    named(initialState),
    named(got.dInitialState),
  );
});
