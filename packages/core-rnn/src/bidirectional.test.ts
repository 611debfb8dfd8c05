import { expect, test } from "vitest";
import { type MergeMode, runBidirectional, runBidirectionalBackward } from "./bidirectional.ts";
import { checkGradients } from "./check-gradients.ts";
import { gruCell } from "./gru-cell.ts";
import { initialParams } from "./initializers.ts";
import { lstmCell } from "./lstm-cell.ts";
import { seededRandom } from "./random.ts";
import { runSequence } from "./sequence.ts";

const [B, T, I, H] = [2, 4, 2, 3];
const cells = {
  forward: lstmCell({ inputSize: I, units: H }),
  backward: gruCell({ inputSize: I, units: H }),
};
const params = {
  forward: initialParams(cells.forward, { seed: 1 }),
  backward: initialParams(cells.backward, { seed: 2 }),
};
const normals = (length: number, seed: number) =>
  Float64Array.from({ length }, seededRandom(seed).normal);
const x = { data: normals(B * T * I, 3), shape: [B, T, I] };
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, v, i) => sum + v * b[i], 0);
const named = (arrays: readonly Float64Array[]) =>
  Object.fromEntries(arrays.map((array, k) => [`state${k}`, array]));
const modes: MergeMode[] = ["concat", "sum", "mul", "ave"];

test("the directions are the two cells run apart, backward's aligned in time", () => {
  const { forward, backward } = runBidirectional(cells, params, x);
  expect(forward).toEqual(runSequence(cells.forward, params.forward, x).outputs);
  const alone = runSequence(cells.backward, params.backward, x, { goBackwards: true }).outputs;
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) {
      const [at, from] = [(b * T + t) * H, (b * T + T - 1 - t) * H];
      expect(backward.data.slice(at, at + H)).toEqual(alone.data.slice(from, from + H));
    }
  }
});

test("concat, sum, mul and ave are what they say", () => {
  const { forward, backward } = runBidirectional(cells, params, x);
  const [f, b] = [forward.data, backward.data];
  const merged = (mergeMode: MergeMode) =>
    runBidirectional(cells, params, x, { mergeMode }).outputs;
  expect(merged("sum")).toEqual({ data: f.map((v, i) => v + b[i]), shape: [B, T, H] });
  expect(merged("ave").data).toBeAllclose(
    f.map((v, i) => (v + b[i]) / 2),
    { rtol: 1e-15 },
  );
  expect(merged("mul").data).toEqual(f.map((v, i) => v * b[i]));
  const { data, shape } = merged("concat");
  expect(shape).toEqual([B, T, 2 * H]);
  for (let row = 0; row < B * T; row++) {
    expect(data.slice(row * 6, row * 6 + 3)).toEqual(f.slice(row * 3, row * 3 + 3));
    expect(data.slice(row * 6 + 3, row * 6 + 6)).toEqual(b.slice(row * 3, row * 3 + 3));
  }
});

for (const mergeMode of modes) {
  for (const returnSequences of [true, false]) {
    test(`backward is the central difference: ${mergeMode}, returnSequences ${returnSequences}`, () => {
      const initialState = [normals(B * H, 4), normals(B * H, 5), normals(B * H, 6)];
      const mask = [1, 1, 0, 1, 0, 1, 1, 0];
      const options = { mergeMode, returnSequences, initialState, mask };
      const result = runBidirectional(cells, params, x, options);
      const dOutputs = normals(result.outputs.data.length, 7);
      const dForward = normals(result.forward.data.length, 8);
      const dBackward = normals(result.backward.data.length, 9);
      const dState = result.state.map((s, k) => normals(s.length, 10 + k));
      const cotangents = { dOutputs, dForward, dBackward, dState };
      const got = runBidirectionalBackward(cells, params, result.tape, cotangents);
      const loss = () => {
        const run = runBidirectional(cells, params, x, options);
        return (
          dot(run.outputs.data, dOutputs) +
          dot(run.forward.data, dForward) +
          dot(run.backward.data, dBackward) +
          run.state.reduce((sum, s, k) => sum + dot(s, dState[k]), 0)
        );
      };
      checkGradients(
        loss,
        { x: x.data, ...params.forward, ...named(initialState) },
        { x: got.dx, ...got.dParams.forward, ...named(got.dInitialState) },
      );
      checkGradients(loss, { ...params.backward }, { ...got.dParams.backward });
    });
  }
}

test("masked outputs are 0 with sequences, unless asked not to be", () => {
  const mask = [1, 1, 1, 0, 1, 1, 0, 0];
  const { outputs } = runBidirectional(cells, params, x, { mask });
  const repeated = runBidirectional(cells, params, x, { mask, zeroOutputForMask: false });
  for (const [at, kept] of mask.entries()) {
    const row = outputs.data.slice(at * 2 * H, (at + 1) * 2 * H);
    expect(row.every((v) => v !== 0)).toBe(kept === 1);
  }
  expect(repeated.outputs.data.slice(3 * 2 * H, 3 * 2 * H + H)).toEqual(
    outputs.data.slice(2 * 2 * H, 2 * 2 * H + H),
  );
});

test("cells, words and arrays that do not fit are refused", () => {
  const wider = { ...cells, backward: gruCell({ inputSize: I, units: 4 }) };
  const widerParams = { ...params, backward: initialParams(wider.backward) };
  expect(() => runBidirectional(wider, widerParams, x, { mergeMode: "sum" })).toThrow(
    "runBidirectional: expected cells of equal units to sum, got 3 and 4",
  );
  expect(runBidirectional(wider, widerParams, x).outputs.shape).toEqual([B, T, 7]);
  const other = { ...cells, backward: gruCell({ inputSize: 5, units: H }) };
  expect(() => runBidirectional(other, params, x)).toThrow("cells of one inputSize, got 2 and 5");
  expect(() => runBidirectional(cells, params, x, { mergeMode: "max" as "sum" })).toThrow(
    'expected mergeMode to be one of concat, sum, mul, ave, got "max"',
  );
  expect(() => runBidirectional(cells, params, x, { initialState: [] })).toThrow(
    "expected 3 initial states, got 0",
  );
  const { tape } = runBidirectional(cells, params, x);
  expect(() =>
    runBidirectionalBackward(cells, params, tape, { dOutputs: new Float64Array(3) }),
  ).toThrow("expected dOutputs of shape [2, 4, 6], got 3 numbers");
});
