// A model that runs as a whole beside the same model layer by layer: the numbers are the same, whatever it is made of
// and however it is called.

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory, registerKernels } from "@rnnkit/fused-rnn";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { explainSpeed, setRandomSeed, setWholeSteps } from "./index.ts";
import { buildChain, type DrawnChain, dataFor, drawnChains } from "./random-chain.fixture.ts";

beforeAll(async () => {
  for (const name of ["cpu", "wasm"]) await tf.setBackend(name);
  registerKernels();
});
afterEach(() => setWholeSteps(true));

/** tfjs-layers' type knows no weights. */
declare function weightedStep(
  x: tf.Tensor,
  y: tf.Tensor,
  weights: { sampleWeight: tf.Tensor },
): Promise<number | number[]>;

/** All numbers that come out of a model's functions, by what they are. */
async function outcome(drawn: DrawnChain, whole: boolean): Promise<Record<string, number[]>> {
  setWholeSteps(whole);
  setRandomSeed(drawn.seed);
  const model = buildChain(drawn);
  const { x, y } = dataFor(drawn, model);
  const { trains, predicts, reason } = explainSpeed(model);
  expect({ trains, predicts, reason }).toEqual({
    ...{ trains: whole, predicts: whole },
    reason: whole ? undefined : "setWholeSteps(false)",
  });
  const weights = () => model.getWeights().map((weight) => [...weight.dataSync()]);
  const before = weights();
  const losses: number[] = [];
  for (let i = 0; i < 2; i++) losses.push(...[await model.trainOnBatch(x, y)].flat());
  const half = Math.ceil(drawn.B / 2);
  const { history } = await model.fit(x, y, {
    ...{ batchSize: half, epochs: 2, verbose: 0 },
    validationData: [x, y],
  });
  const { trainOnBatch } = model as unknown as Record<"trainOnBatch", typeof weightedStep>;
  const sampleWeight = tf.range(1, drawn.B + 1);
  const weighted = await trainOnBatch.call(model, x, y, { sampleWeight });
  const evaluated = [model.evaluate(x, y, { batchSize: half })].flat();
  const results: Record<string, number[]> = {
    losses: [...losses, ...[weighted].flat()],
    history: Object.values(history).flat() as number[],
    evaluated: evaluated.map((each) => each.dataSync()[0]!),
    predicted: [...(model.predict(x, { batchSize: half }) as tf.Tensor).dataSync()],
    weights: weights().flat(),
    moved: weights().flatMap((each, i) => each.map((value, k) => value - before[i]![k]!)),
  };
  model.dispose();
  return results;
}

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test("a model as a whole is the model layer by layer: losses, metrics, history, weights, predictions", async () => {
    await tf.setBackend(backend);
    await fc.assert(
      fc.asyncProperty(drawnChains, async (drawn) => {
        const whole = await outcome(drawn, true);
        expect(engineMemory()).toEqual({ used: 0, pending: 0 });
        const usual = await outcome(drawn, false);
        for (const [name, numbers] of Object.entries(usual)) {
          expect(whole[name], name).toBeAllclose(numbers, tolerances.layers.wholes);
        }
      }),
      { numRuns: 60 },
    );
  });
});
