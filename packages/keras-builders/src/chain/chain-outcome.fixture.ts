// What comes out of a drawn model, trained as a whole or layer by layer.

import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { explainSpeed, setRandomSeed, setWholeSteps } from "../index.ts";
import { buildChain, type DrawnChain, dataFor } from "./random-chain.fixture.ts";

/** tfjs-layers' type knows no weights. */
declare function weightedStep(
  x: tf.Tensor,
  y: tf.Tensor,
  weights: { sampleWeight: tf.Tensor },
): Promise<number | number[]>;

/** All numbers that come out of a model's functions, by what they are; it starts from weights off by a part of **off**. */
export async function outcome(
  drawn: DrawnChain,
  whole: boolean,
  off = 0,
): Promise<Record<string, number[]>> {
  setWholeSteps(whole);
  setRandomSeed(drawn.seed);
  const model = buildChain(drawn);
  if (off > 0) {
    const given = model.getWeights().map((weight, i) => tf.mul(weight, 1 + (i % 2 ? off : -off)));
    model.setWeights(given);
    tf.dispose(given);
  }
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
