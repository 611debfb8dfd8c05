// A row of a batch is what it is alone: what is worked out once for several rows, and what threads share, changes
// nothing of it. `RNNKIT_STACKS` draws so many stacks in place of the few, `RNNKIT_SEED` others.

import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { getThreads, setThreads } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as layers from "./layers/layers.ts";
import { prepare } from "./prepare.ts";
import {
  buildStack,
  type DrawnStack,
  largeStacks,
  predictions,
  smallStacks,
  update,
} from "./random-stacks.fixture.ts";

const stacks = Number(process.env.RNNKIT_STACKS) || undefined;
const seed = Number(process.env.RNNKIT_SEED) || 1;
const threads = getThreads();

/**
 * Of the largest element of the rows' updates: float32 sums over rows and steps, in another order. 1e-6 beside it is
 * what the last bit of a weight is in its update.
 */
const ofLargest = 1e-5;

/** The largest part of its tolerance that an update's error took. */
let worst = 0;

function expectMean(got: Float32Array, each: readonly Float32Array[]): void {
  let largest = 0;
  for (const row of each) for (const value of row) largest = Math.max(largest, Math.abs(value));
  const mean = [...got].map((_, i) => each.reduce((sum, row) => sum + row[i]!, 0) / each.length);
  const atol = 1e-6 + ofLargest * largest;
  for (const [i, value] of mean.entries()) {
    worst = Math.max(worst, Math.abs(got[i]! - value) / atol);
  }
  expect(got).toBeAllclose(mean, { rtol: 0, atol });
}

/** Compares a batch with its rows, each alone on one thread. */
function compare(drawn: DrawnStack, counts: readonly number[]): void {
  tf.engine().startScope();
  const stack = buildStack(drawn);
  const rows = [...drawn.rows.keys()];
  setThreads(1);
  const alone = rows.map((row) => predictions(stack, row));
  const updates = rows.map((row) => update(stack, row));
  for (const count of counts) {
    setThreads(count);
    for (const [k, y] of predictions(stack).entries()) {
      // The same bits: a row's sums are its own, in the same order wherever it stands.
      expect([...y]).toEqual(alone.flatMap((outputs) => [...outputs[k]!]));
    }
    for (const [k, got] of update(stack).entries()) {
      expectMean(
        got,
        updates.map((row) => row[k]!),
      );
    }
  }
  stack.model.dispose();
  tf.engine().endScope();
}

const kinds: [string, fc.Arbitrary<DrawnStack>, number, number[]][] = [
  ["small stacks", smallStacks, stacks ?? 40, [1]],
  ["stacks that 1, 2 and 3 threads run", largeStacks, Math.ceil((stacks ?? 60) / 15), [1, 2, 3]],
];

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  beforeEach(async () => {
    await tf.setBackend(backend);
    prepare();
  });
  afterEach(() => setThreads(threads));

  test.each(kinds)(
    "%s: a batch predicts what its rows do alone, and learns the mean of what they do",
    async (name, drawn, numRuns, counts) => {
      worst = 0;
      const property = fc.asyncProperty(drawn, async (stack) => {
        compare(stack, counts);
        // Of thousands, the test runner wants to hear now and then.
        await tf.nextFrame();
      });
      await fc.assert(property, { numRuns, seed });
      if (stacks) console.info(`${backend}, ${numRuns} ${name}, seed ${seed}: ${worst}`);
    },
    stacks ? 1e8 : 60_000,
  );

  // Keras 3.15.1 on JAX and on TensorFlow, train_on_batch with SGD(0.5) and "mse".
  test("texts that end alike keep their own numbers where a layer reads them from the end", async () => {
    const rnn = (args: object) => layers.simpleRNN({ units: 1, useBias: false, ...args });
    const model = sequential({
      layers: [
        layers.embedding({ inputDim: 3, outputDim: 1, inputLength: 2 }),
        rnn({ returnSequences: true }),
        rnn({ goBackwards: true }),
      ],
    });
    const half = () => tf.tensor2d([[0.5]]);
    const table = tf.tensor2d([[0.1], [0.5], [-0.5]]);
    model.setWeights([table, half(), half(), half(), half()]);
    const x = tf.tensor2d([
      [1, 0],
      [2, 0],
    ]);
    const y = tf.tensor2d([[1], [0]]);
    const close = tolerances.layers.calls;
    expect((model.predict(x) as tf.Tensor).dataSync()).toBeAllclose([0.1635657, -0.1396167], close);
    model.compile({ optimizer: tf.train.sgd(0.5), loss: "meanSquaredError" });
    const losses: number[] = [];
    for (let step = 0; step < 4; step++) losses.push((await model.trainOnBatch(x, y)) as number);
    expect(losses).toBeAllclose([0.3595575, 0.2619096, 0.1522406, 0.0809753], close);
    const learnt = [0.3795884, 0.899122, -0.2894881, 0.8574328, 0.5661346, 0.9151685, 0.6893045];
    const weights = model.getWeights().flatMap((weight) => [...weight.dataSync()]);
    expect(weights).toBeAllclose(learnt, close);
  });
});
