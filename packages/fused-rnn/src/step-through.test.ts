// Any recurrence step by step: its equations by hand, and the steps of a fused one beside it.

import "@tensorflow/tfjs-backend-cpu";
// Brings the gradients of tfjs's own operations, which tfjs-core leaves out.
import "@tensorflow/tfjs-layers";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { simpleRnn } from "./simple-rnn.ts";
import type { StepFunction } from "./step-loop.ts";
import { stepThrough } from "./step-through.ts";

beforeAll(() => tf.setBackend("cpu"));

/** y = x + s, s′ = y; and a second state, which counts the steps that were run. */
const sum: StepFunction = (x, [s, n]) => {
  const y = tf.add(x, s!);
  return [y, y, tf.add(n!, 1)];
};
const started = () => [tf.zeros([1, 1]), tf.zeros([1, 1])];
const numbers = (...tensors: tf.Tensor[]) => tensors.map((tensor) => [...tensor.dataSync()]);

interface Given {
  mask?: number[];
  goBackwards?: boolean;
  reverseOutputs?: boolean;
  returnSequences?: boolean;
  zeroOutputForMask?: boolean;
}

test.each<[string, Given, number[], number, number]>([
  ["every step", {}, [1, 3, 6], 6, 3],
  ["backwards, in the order of reading", { goBackwards: true }, [3, 5, 6], 6, 3],
  [
    "backwards, in the order of x",
    { goBackwards: true, reverseOutputs: true },
    [6, 5, 3],
    ...([6, 3] as const),
  ],
  ["the last output alone", { returnSequences: false }, [6], 6, 3],
  ["a masked step repeats the output and keeps the states", { mask: [1, 0, 1] }, [1, 1, 4], 4, 2],
  ["before the first kept step the output is 0", { mask: [0, 1, 1] }, [0, 2, 5], 5, 2],
  ["or 0 at every masked step", { mask: [1, 0, 0], zeroOutputForMask: true }, [1, 0, 0], 1, 1],
  ["no step at all", { mask: [0, 0, 0] }, [0, 0, 0], 0, 0],
  ["a mask read backwards", { mask: [1, 1, 0], goBackwards: true }, [0, 2, 3], 3, 2],
])("%s", (_, { mask, ...options }, outputs, state, count) => {
  for (const dtype of ["bool", "int32"] as const) {
    const result = stepThrough(sum, tf.tensor([1, 2, 3], [1, 3, 1]), {
      ...options,
      mask: mask && tf.tensor([mask], undefined, dtype),
      initialState: started(),
    });
    expect(numbers(result.outputs, ...result.state)).toEqual([outputs, [state], [count]]);
  }
});

test.each([
  ["outputs before the first kept step", [0, 1, 1], false],
  ["outputs of 0 at masked steps", [1, 0, 1], true],
])("a gradient that is no number reaches no weight through %s", (_, mask, zeroOutputForMask) => {
  const x = tf.tensor([1, 2, 3], [1, 3, 1]);
  const keep = tf.tensor([mask], undefined, "bool");
  const weighted: StepFunction = (x, [s]) => {
    const y = tf.add(tf.mul(x, w), s!);
    return [y, y];
  };
  const w = tf.variable(tf.tensor([[1]]));
  // NaN at masked steps, 1 at the others.
  const sum = (outputs: tf.Tensor) =>
    tf.sum(
      tf.mul(
        outputs,
        tf.tensor(
          mask.map((one) => (one ? 1 : Number.NaN)),
          [1, 3, 1],
        ),
      ),
    );
  const { grads } = tf.variableGrads(
    () =>
      sum(
        stepThrough(weighted, x, {
          ...{ mask: keep, zeroOutputForMask, initialState: [tf.zeros([1, 1])] },
        }).outputs,
      ) as tf.Scalar,
    [w],
  );
  const kept = [1, 2, 3].filter((_, t) => mask[t]);
  // The earlier of two kept steps is in both outputs.
  expect(numbers(grads[w.name]!)).toEqual([[2 * kept[0]! + kept[1]!]]);
});

test("what a masked step holds reaches neither outputs nor gradients, of x of any rank", () => {
  const x = tf.tensor([1, 2, Number.NaN, Number.NaN, 3, 4], [1, 3, 2, 1]);
  const mask = tf.tensor([[1, 0, 1]], undefined, "bool");
  const weight = tf.tensor([5, 7], [2, 1]);
  const loss = (x: tf.Tensor, w: tf.Tensor): tf.Scalar => {
    const step: StepFunction = (xt, [s]) => {
      const y = tf.add(tf.matMul(tf.reshape(xt, [1, 2]), w), s!);
      return [y, y];
    };
    const { outputs } = stepThrough(step, x, {
      ...{ mask, returnSequences: false },
      initialState: [tf.zeros([1, 1])],
    });
    return tf.sum(outputs);
  };
  const { value, grads } = tf.valueAndGrads(loss)([x, weight]);
  expect(numbers(value, ...grads)).toEqual([
    [1 * 5 + 2 * 7 + 3 * 5 + 4 * 7],
    [5, 7, 0, 0, 5, 7],
    [1 + 3, 2 + 4],
  ]);
});

test("a SimpleRNN stepped through is the fused one, whatever the options", () => {
  const [B, I, H] = [3, 2, 4];
  const drawn = fc.record({
    T: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(999),
    masked: fc.boolean(),
    goBackwards: fc.boolean(),
    reverseOutputs: fc.boolean(),
    returnSequences: fc.boolean(),
    zeroOutputForMask: fc.boolean(),
  });
  fc.assert(
    fc.property(drawn, ({ T, seed, masked, ...flags }) => {
      tf.tidy(() => {
        const normal = (shape: number[], k: number) =>
          tf.randomNormal(shape, 0, 1, "float32", seed + k);
        const weights = { kernel: normal([I, H], 1), recurrentKernel: normal([H, H], 2) };
        const options = {
          ...flags,
          mask: masked ? tf.greater(normal([B, T], 3), 0) : undefined,
          initialState: [normal([B, H], 4)],
        };
        const x = normal([B, T, I], 5);
        const step: StepFunction = (xt, [h]) => {
          const { kernel, recurrentKernel } = weights as Record<string, tf.Tensor2D>;
          const z = tf.add(tf.matMul(xt, kernel!), tf.matMul(h!, recurrentKernel!));
          return [tf.tanh(z), tf.tanh(z)];
        };
        const [stepped, fused] = [
          stepThrough(step, x, options),
          simpleRnn(x, weights, { ...options, activation: "tanh" }),
        ];
        for (const [k, value] of [fused.outputs, ...fused.state].entries()) {
          const got = [stepped.outputs, ...stepped.state][k]!;
          expect(got.shape).toEqual(value.shape);
          expect(got.dataSync()).toBeAllclose(value.dataSync(), { rtol: 0, atol: 1e-5 });
        }
      });
    }),
  );
});

test("outputs and states are tensors of their own, and nothing else is left", async () => {
  const x = tf.ones([1, 3, 1]);
  const initialState = started();
  await expectNoTensorLeak(() => {
    const { outputs, state } = stepThrough(sum, x, { initialState, returnSequences: false });
    tf.dispose(outputs);
    expect(numbers(...state)).toEqual([[3], [3]]);
    tf.dispose(state);
  });
});

test("what cannot be stepped through is refused", () => {
  const [x, initialState] = [tf.ones([2, 3, 1]), [tf.zeros([2, 1])]];
  const keep: StepFunction = (_, state) => [state[0]!, ...state];
  const given = (options: object) => () =>
    stepThrough(keep, x, { initialState, ...options } as never);
  expect(() => stepThrough(1 as never, x, { initialState })).toThrow(
    "stepThrough: expected step as a function, got 1",
  );
  expect(() => stepThrough(keep, tf.ones([2, 0, 1]), { initialState })).toThrow(
    "stepThrough: expected x of shape [B, T, ...], T from 1, got [2, 0, 1]",
  );
  expect(given({ initialState: undefined })).toThrow(
    "stepThrough: expected initialState as a list of tensors, got undefined",
  );
  expect(given({ initialState: [tf.zeros([2])] })).toThrow(
    "stepThrough: expected initialState[0] of shape [B, H], got [2]",
  );
  expect(given({ mask: tf.ones([3, 2]) })).toThrow(
    "stepThrough: expected mask of shape [2, 3], got [3, 2]",
  );
  expect(given({ goBackwards: 1 })).toThrow("expected goBackwards to be true or false, got 1");
  expect(() => stepThrough((_, state) => state, x, { initialState })).toThrow(
    "stepThrough: expected step to give an output and 1 states, got",
  );
  expect(() => stepThrough((step) => [x, step], x, { initialState })).toThrow(
    "stepThrough: expected an output of shape [B, H], got [2, 3, 1]",
  );
});
