import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { type Sequential, sequential, type layers as stock } from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { adam, layers, rmsprop, sgd } from "./index.ts";
import { own } from "./own-cells.fixture.ts";

type Layer = InstanceType<typeof stock.Layer>;
const [B, T, I, H] = [3, 5, 4, 8];

beforeAll(async () => {
  for (const name of ["cpu", "wasm"]) await tf.setBackend(name);
});

/** Both are there, so that it takes effect at once. */
function use(backend: string): void {
  void tf.setBackend(backend);
}

const at = { inputShape: [T, I] };
const of = { units: H, seed: 3 };
const table: Record<string, [first: () => Layer[], optimizer: () => tf.Optimizer]> = {
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

interface Step {
  forward: string;
  backward: string;
}

/** Losses of those steps, and what the model then predicts. */
async function trained(name: string, built: string, steps: readonly Step[]): Promise<number[]> {
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

test.each(Object.keys(table))(
  "%s: a model goes from backend to backend, in a step and between, and learns the same",
  async (name) => {
    const on = (forward: string, backward = forward): Step => ({ forward, backward });
    const wanted = await trained(name, "cpu", Array(4).fill(on("cpu")));
    const [cpu, wasm] = ["cpu", "wasm"] as const;
    const ways: [built: string, Step[]][] = [
      [cpu, [on(wasm), on(wasm), on(cpu), on(wasm)]],
      [wasm, [on(cpu), on(wasm), on(cpu), on(cpu)]],
      [wasm, [on(wasm, cpu), on(cpu, wasm), on(wasm, cpu), on(cpu, wasm)]],
    ];
    for (const way of ways) {
      expect(await trained(name, ...way)).toBeAllclose(wanted, tolerances.backends.training);
    }
  },
);
