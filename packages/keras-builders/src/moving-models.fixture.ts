// Models that are trained on one backend and another in turn, in a step and between.

import { engineMemory } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { type Sequential, sequential, type layers as stock } from "@tensorflow/tfjs-layers";
import { expect } from "vitest";
import { adam, layers, rmsprop, sgd } from "./index.ts";
import { own } from "./layers/own-cells.fixture.ts";

type Layer = InstanceType<typeof stock.Layer>;
const [B, T, I, H] = [3, 5, 4, 8];

/** They are there, so that it takes effect at once. */
function use(backend: string): void {
  void tf.setBackend(backend);
}

const at = { inputShape: [T, I] };
const of = { units: H, seed: 3 };
/** Layers and an optimizer. */
export const table: Record<string, [first: () => Layer[], optimizer: () => tf.Optimizer]> = {
  "tokens, LSTM and GRU": [
    () => [
      layers.embedding({ inputDim: 9, outputDim: I, maskZero: true, seed: 1, inputLength: T }),
      layers.lstm({ ...of, returnSequences: true }),
      layers.gru(of),
    ],
    () => adam({ learningRate: 0.01 }),
  ],
  "Masking and Bidirectional": [
    () => [layers.masking(at), layers.bidirectional({ layer: layers.lstm(of) })],
    () => rmsprop({ momentum: 0.5 }),
  ],
  "dropout, SimpleRNN and a cost of outputs": [
    () => [
      layers.simpleRNN({ ...of, ...at, returnSequences: true, recurrentDropout: 0.3 }),
      layers.dropout({ rate: 0.3, seed: 4 }),
      layers.gru({ ...of, activityRegularizer: "l2", kernelRegularizer: "l2" }),
    ],
    () => sgd({ momentum: 0.9 }),
  ],
  "stateful steps, cells and TimeDistributed": [
    () => [
      layers.gru({ ...of, batchInputShape: [B, T, I], stateful: true, returnSequences: true }),
      layers.timeDistributed({ layer: layers.dense({ ...of, activation: "tanh" }) }),
      layers.rnn({ cell: [layers.lstmCell(of), own()] }),
    ],
    () => adam({ clipnorm: 1 }),
  ],
};

function made([first, optimizer]: (typeof table)[string]): Sequential {
  const model = sequential({ layers: [...first(), layers.dense({ units: 1, seed: 5 })] });
  const loss = (y: tf.Tensor, prediction: tf.Tensor) => {
    if (turn) use(turn);
    return tf.mean(tf.square(tf.sub(prediction, y)), -1);
  };
  model.compile({ optimizer: optimizer(), loss });
  return model;
}

/** Where the loss, and with it the backward pass, moves to. */
let turn: string | undefined;

/** The backends of a step. */
export interface Step {
  forward: string;
  backward: string;
}

/** Losses of those steps, and what the model then predicts. */
export async function trained(
  name: string,
  built: string,
  steps: readonly Step[],
): Promise<number[]> {
  use(built);
  const model = made(table[name]!);
  const [, ...shape] = model.inputs[0]!.shape as number[];
  const length = tf.util.sizeFromShape([B, ...shape]);
  const tokens = shape.length === 1;
  const values = Array.from({ length }, (_, i) => (tokens ? (i * 5) % 9 : Math.sin(i)));
  const x = tf.tensor(values, [B, ...shape]);
  const y = tf.tensor2d([0.5, -1, 0.2], [B, 1]);
  const numbers: number[] = [];
  for (const { forward, backward } of steps) {
    use(forward);
    turn = backward;
    numbers.push((await model.trainOnBatch(x, y)) as number);
    expect(tf.getBackend()).toBe(backward);
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  }
  turn = undefined;
  if (model.layers.some(({ stateful }) => stateful)) model.resetStates();
  numbers.push(...(model.predict(x, { batchSize: B }) as tf.Tensor).dataSync());
  return numbers;
}
