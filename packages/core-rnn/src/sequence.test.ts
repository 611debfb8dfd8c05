import { tolerances } from "@rnnkit/test-kit/tolerances";
import { expect, test } from "vitest";
import { B, both, cells, H, I, sequence, sizes, states, T } from "../test/sequence-run.ts";
import { initialParams } from "./initializers.ts";
import { lstmCell } from "./lstm-cell.ts";
import { runSequence, runSequenceBackward } from "./sequence.ts";
import type { SequenceOptions } from "./sequence-options.ts";
import { simpleRnnCell } from "./simple-rnn-cell.ts";

/** Steps **from**..**to**−1 of a [B, T, width] array. */
function part(data: Float64Array, width: number, from: number, to: number, steps = T) {
  const rows = Array.from({ length: B }, (_, b) =>
    data.slice((b * steps + from) * width, (b * steps + to) * width),
  );
  return Float64Array.from(rows.flatMap((row) => [...row]));
}

test("no state = zero state", () => {
  for (const cell of cells) {
    const params = initialParams(cell);
    const initialState = cell.stateSizes.map((size) => new Float64Array(B * size));
    const { outputs, state } = runSequence(cell, params, sequence(1));
    const zero = runSequence(cell, params, sequence(1), { initialState });
    expect([zero.outputs, zero.state]).toEqual([outputs, state]);
  }
});

test("two halves with the carried state = the whole, forward and backward", () => {
  for (const cell of cells) {
    const params = initialParams(cell, { seed: 2 });
    const x = sequence(3);
    const whole = both(cell, params, x, { initialState: states(cell, 4) });
    const x1 = { data: part(x.data, I, 0, 2), shape: [B, 2, I] };
    const x2 = { data: part(x.data, I, 2, T), shape: [B, T - 2, I] };
    const one = runSequence(cell, params, x1, { initialState: states(cell, 4) });
    const two = runSequence(cell, params, x2, { initialState: one.state });
    expect(part(whole.outputs.data, H, 0, 2)).toEqual(one.outputs.data);
    expect(part(whole.outputs.data, H, 2, T)).toEqual(two.outputs.data);
    expect(two.state).toEqual(whole.state);

    const back2 = runSequenceBackward(cell, params, two.tape, {
      dOutputs: part(whole.dOutputs, H, 2, T),
      dState: whole.dState,
    });
    const back1 = runSequenceBackward(cell, params, one.tape, {
      dOutputs: part(whole.dOutputs, H, 0, 2),
      dState: back2.dInitialState,
    });
    expect(part(whole.dx, I, 0, 2)).toEqual(back1.dx);
    expect(part(whole.dx, I, 2, T)).toEqual(back2.dx);
    expect(back1.dInitialState).toEqual(whole.dInitialState);
    const sum = back1.dParams.kernel.map((g, i) => g + back2.dParams.kernel[i]);
    expect(whole.dParams.kernel).toBeAllclose(sum, tolerances.reference.sums);
  }
});

test("truncation k: forward unchanged, backward that of chunks of k steps run apart", () => {
  for (const cell of cells) {
    const params = initialParams(cell, { seed: 5 });
    const x = sequence(6);
    const initialState = states(cell, 7);
    const whole = both(cell, params, x, { initialState });
    const cut = both(cell, params, x, { initialState, truncation: 2 });
    expect([cut.outputs, cut.state]).toEqual([whole.outputs, whole.state]);
    expect(cut.dInitialState).not.toEqual(whole.dInitialState);

    let state: readonly Float64Array[] = initialState;
    const dKernel = new Float64Array(params.kernel.length);
    for (const [from, to] of [
      [0, 2],
      [2, 4],
      [4, 5],
    ]) {
      const chunk = { data: part(x.data, I, from, to), shape: [B, to - from, I] };
      const run = runSequence(cell, params, chunk, { initialState: state });
      const back = runSequenceBackward(cell, params, run.tape, {
        dOutputs: part(whole.dOutputs, H, from, to),
        dState: to === T ? whole.dState : undefined,
      });
      state = run.state;
      for (const [i, g] of back.dParams.kernel.entries()) dKernel[i] += g;
      expect(part(cut.dx, I, from, to)).toEqual(back.dx);
      if (from === 0) expect(cut.dInitialState).toEqual(back.dInitialState);
    }
    expect(cut.dParams.kernel).toBeAllclose(dKernel, tolerances.reference.sums);
    // At least as long as the sequence: nothing is cut.
    const uncut = both(cell, params, x, { initialState, truncation: T });
    expect(uncut.dInitialState).toEqual(whole.dInitialState);
  }
});

test("a mask = the shorter sequence of the kept steps, wherever the gaps are", () => {
  const kept = [1, 3, 4];
  const mask = Array.from({ length: B * T }, (_, at) => kept.includes(at % T));
  for (const cell of cells) {
    const params = initialParams(cell, { seed: 8 });
    const x = sequence(9);
    const short = {
      data: Float64Array.from(
        Array.from({ length: B }, (_, b) => kept.map((t) => b * T + t))
          .flat()
          .flatMap((at) => [...x.data.slice(at * I, (at + 1) * I)]),
      ),
      shape: [B, kept.length, I],
    };
    const masked = both(cell, params, x, { mask, returnSequences: false });
    const plain = both(cell, params, short, { returnSequences: false });
    expect([masked.outputs, masked.state]).toEqual([plain.outputs, plain.state]);
    expect(masked.dParams).toEqual(plain.dParams);
    expect(masked.dInitialState).toEqual(plain.dInitialState);
  }
});

test("masked outputs: 0 before the first kept step, then the last output, or 0 on request", () => {
  const cell = simpleRnnCell({ inputSize: 1, units: 1, activation: "linear" });
  const params = { kernel: Float64Array.of(1), recurrentKernel: Float64Array.of(1) };
  const x = { data: Float64Array.of(1, 2, 4, 8, 16), shape: [1, 5, 1] };
  const options = { initialState: [Float64Array.of(100)], mask: [0, 1, 0, 1, 0] };
  const run = (more: SequenceOptions) => {
    const { outputs, state } = runSequence(cell, params, x, { ...options, ...more });
    return [[...outputs.data], state[0][0]];
  };
  expect(run({})).toEqual([[0, 102, 102, 110, 110], 110]);
  expect(run({ zeroOutputForMask: true })).toEqual([[0, 102, 0, 110, 0], 110]);
  expect(run({ returnSequences: false })).toEqual([[110], 110]);
  expect(run({ returnSequences: false, zeroOutputForMask: true })).toEqual([[0], 110]);
  // Backwards: steps 16, 8, 4, 2, 1 with the mask turned round with them.
  expect(run({ goBackwards: true })).toEqual([[0, 108, 108, 110, 110], 110]);
  const turned = { reverseOutputs: true };
  expect(run({ ...turned, goBackwards: true })).toEqual([[110, 110, 108, 108, 0], 110]);
  expect(run(turned)).toEqual([[110, 110, 102, 102, 0], 110]);
  expect(run({ ...turned, returnSequences: false })).toEqual([[110], 110]);
  // A row that is masked throughout outputs 0 and returns its initial state.
  expect(run({ mask: [0, 0, 0, 0, 0] })).toEqual([[0, 0, 0, 0, 0], 100]);
});

test("NaN and infinity in masked steps reach no output, state or gradient", () => {
  const mask = Array.from({ length: B * T }, (_, at) => at >= T && at % T !== 2 && at % T !== 0);
  for (const cell of cells) {
    for (const goBackwards of [false, true]) {
      const params = initialParams(cell, { seed: 10 });
      const clean = sequence(11);
      const dirty = {
        ...clean,
        data: clean.data.map((v, e) =>
          mask[Math.floor(e / I)] ? v : e % 2 ? Number.NaN : Infinity,
        ),
      };
      const options = { mask, goBackwards, initialState: states(cell, 12) };
      const { tape: _c, ...expected } = both(cell, params, clean, options);
      const { tape: _d, ...got } = both(cell, params, dirty, options);
      expect(got).toEqual(expected);
      expect([...got.dx, ...got.dParams.kernel].every(Number.isFinite)).toBe(true);
    }
  }
});

test("goBackwards = the reversed sequence run forward; reversed twice = itself", () => {
  const reversed = (data: Float64Array, width: number) => {
    const rows = Array.from({ length: B }, (_, b) =>
      Array.from({ length: T }, (_, t) => b * T + T - 1 - t),
    );
    return Float64Array.from(
      rows.flat().flatMap((at) => [...data.slice(at * width, (at + 1) * width)]),
    );
  };
  for (const cell of cells) {
    const params = initialParams(cell, { seed: 13 });
    const x = sequence(14);
    const turned = { ...x, data: reversed(x.data, I) };
    const forward = both(cell, params, x, {});
    const backward = both(cell, params, turned, { goBackwards: true });
    expect([backward.outputs, backward.state]).toEqual([forward.outputs, forward.state]);
    expect(reversed(backward.dx, I)).toEqual(forward.dx);
    expect(backward.dParams).toEqual(forward.dParams);
  }
});

test("rows are independent: a row alone gives the bits it gives in the batch", () => {
  for (const cell of cells) {
    const params = initialParams(cell, { seed: 15 });
    const x = sequence(16);
    const { outputs } = runSequence(cell, params, x);
    const alone = { data: x.data.slice(T * I, 2 * T * I), shape: [1, T, I] };
    expect(runSequence(cell, params, alone).outputs.data).toEqual(
      outputs.data.slice(T * H, 2 * T * H),
    );
  }
});

test("a dropout mask of ones, shared or per gate, changes nothing", () => {
  for (const cell of cells) {
    const params = initialParams(cell, { seed: 17 });
    const plain = both(cell, params, sequence(18), {});
    for (const gates of [1, cell.gates]) {
      const masked = both(cell, params, sequence(18), {
        inputDropoutMask: new Float64Array(gates * B * I).fill(1),
        recurrentDropoutMask: new Float64Array(gates * B * H).fill(1),
      });
      expect(masked.outputs).toEqual(plain.outputs);
      expect(masked.dParams.kernel).toBeAllclose(plain.dParams.kernel, {
        rtol: 1e-13,
        atol: 1e-15,
      });
    }
  }
});

test("what does not fit is refused with its name and shape, and the next call works", () => {
  const cell = lstmCell(sizes);
  const params = initialParams(cell);
  const x = sequence(1);
  const run = (options: SequenceOptions) => () => runSequence(cell, params, x, options);
  expect(() => runSequence(cell, params, { ...x, shape: [B, T, 3] })).toThrow(
    "runSequence: expected x of shape [B, T, 2], got [3, 5, 3]",
  );
  expect(() => runSequence(cell, params, { ...x, shape: [B, 4, I] })).toThrow(
    "runSequence: expected x of shape [3, 4, 2], got 30 numbers",
  );
  expect(() => runSequence(cell, params, { ...x, shape: [0, T, I] })).toThrow("batch size");
  expect(() => runSequence(cell, { ...params, bias: new Float64Array(3) }, x)).toThrow(
    "lstm: expected bias of shape [12], got 3 numbers",
  );
  expect(run({ mask: [1] })).toThrow("expected mask of shape [3, 5], got 1 entries");
  expect(run({ initialState: [new Float64Array(9)] })).toThrow("expected 2 initial states, got 1");
  expect(run({ initialState: [new Float64Array(9), new Float64Array(3)] })).toThrow(
    "expected initialState[1] of shape [3, 3], got 3 numbers",
  );
  expect(run({ truncation: 0 })).toThrow("expected truncation to be a positive integer, got 0");
  expect(run({ inputDropoutMask: new Float64Array(7) })).toThrow(
    "expected inputDropoutMask per gate or of shape [3, 2], got 7 numbers",
  );
  expect(run({ cellDropout: [{}] })).toThrow("for stacked cells only, got lstm");
  const { tape } = runSequence(cell, params, x);
  const back = (cotangents: object) => () => runSequenceBackward(cell, params, tape, cotangents);
  expect(back({ dOutputs: new Float64Array(9) })).toThrow(
    "runSequenceBackward: expected dOutputs of shape [3, 5, 3], got 9 numbers",
  );
  expect(back({ dState: [new Float64Array(9)] })).toThrow("expected 2 entries of dState, got 1");
});
