// Steps of training under masks, through every layer that passes one on: losses and weights are Keras's, who
// trains the same models from their files.
import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import { join } from "node:path";
import { layers, sgd } from "@rnnkit/keras-builders";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import { tensor } from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  model as modelOf,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { weightPaths } from "./keras/weight-paths.ts";
import { askKeras, kerasPython } from "./real-keras.fixture.ts";
import { saveKerasModel } from "./save/save-keras-model.ts";
import { fill, filled } from "./saved-models.fixture.ts";

type Layer = InstanceType<typeof stock.Layer>;
type Functions = typeof layers;

const on = (layer: Layer, ...given: SymbolicTensor[]): SymbolicTensor =>
  layer.apply(given.length === 1 ? given[0]! : given) as SymbolicTensor;

/** A trained tensor, masked where it is 0, what is between, and a sequence's end that obeys the mask. */
function behindMask(...between: Layer[]): LayersModel {
  return sequential({
    layers: [
      layers.dense({ units: 3, activation: "relu", inputShape: [4, 2] }),
      layers.masking(),
      ...between,
      layers.lstm({ units: 2 }),
      layers.dense({ units: 1 }),
    ],
  });
}

const elementwise = (from: Functions): LayersModel =>
  behindMask(
    from.activation({ activation: "tanh" }),
    from.reLU({ maxValue: 0.6 }),
    from.leakyReLU({ alpha: 0.2 }),
    from.elu(),
    from.prelu({ sharedAxes: [1] }),
    from.rescaling({ scale: 1.5, offset: 0.1 }),
    from.dropout({ rate: 0 }),
    from.spatialDropout1d({ rate: 0 }),
    from.gaussianNoise({ stddev: 0 }),
    from.gaussianDropout({ rate: 0 }),
    from.alphaDropout({ rate: 0 }),
    from.dense({ units: 3, activation: "softmax" }),
  );

const normalised = (from: Functions): LayersModel =>
  behindMask(
    from.batchNormalization(),
    from.layerNormalization(),
    from.batchNormalization({ axis: 1, scale: false }),
    from.timeDistributed({ layer: from.batchNormalization({ center: false }) as never }),
    from.layerNormalization({ axis: 1 }),
  );

const merged = (from: Functions): LayersModel => {
  const x = input({ shape: [4, 2] });
  const a = on(layers.masking(), on(layers.dense({ units: 3, activation: "relu" }), x));
  const b = on(layers.masking(), on(layers.dense({ units: 3, activation: "relu" }), x));
  const parts = (["add", "multiply", "average", "maximum", "minimum"] as const).map((name) =>
    on(from[name](), a, b),
  );
  const long = on(from.concatenate({ axis: 1 }), parts[0]!, parts[1]!, a);
  const wide = on(from.concatenate(), parts[2]!, parts[3]!, parts[4]!, b);
  const ends = [
    on(layers.gru({ units: 2 }), long),
    on(layers.simpleRNN({ units: 2, goBackwards: true }), wide),
    on(from.globalAveragePooling1d(), parts[1]!),
  ];
  const y = on(layers.dense({ units: 1 }), on(layers.concatenate(), ...ends));
  return modelOf({ inputs: x, outputs: y });
};

const recurrent = (from: Functions): LayersModel => {
  const all = { returnSequences: true, recurrentActivation: "sigmoid" as const };
  return behindMask(
    from.lstm({ units: 3, ...all }),
    from.gru({ units: 3, ...all, goBackwards: true }),
    from.simpleRNN({ units: 2, returnSequences: true }),
    from.bidirectional({ layer: from.gru({ units: 2, ...all }), mergeMode: "ave" }),
    from.timeDistributed({ layer: from.dense({ units: 2, activation: "tanh" }) as never }),
    from.rnn({
      cell: from.lstmCell({ units: 2, recurrentActivation: "sigmoid" }),
      returnSequences: true,
    }),
  );
};

const embedded = (from: Functions): LayersModel =>
  sequential({
    layers: [
      from.embedding({ inputDim: 5, outputDim: 3, maskZero: true, inputLength: 4 }),
      layers.dropout({ rate: 0 }),
      from.timeDistributed({ layer: from.dense({ units: 3 }) as never }),
      layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) }),
      layers.gru({ units: 2, zeroOutputForMask: true }),
      layers.dense({ units: 1 }),
    ],
  });

/** A mask that comes out of a model, and one beside initial states, which a file names. */
const nested = (from: Functions): LayersModel => {
  const x = input({ shape: [4, 2] });
  const inner = sequential({
    layers: [
      from.dense({ units: 3, activation: "relu", inputShape: [4, 2] }),
      layers.masking(),
      from.batchNormalization(),
    ],
  });
  const masked = on(layers.masking(), x);
  const encoder = layers.gru({ units: 3, returnState: true });
  const [, state] = encoder.apply(on(inner as unknown as Layer, x)) as unknown as SymbolicTensor[];
  const decoder = layers.gru({ units: 3, returnSequences: true });
  const y = on(layers.lstm({ units: 2 }), on(decoder, masked, state!));
  return modelOf({ inputs: x, outputs: on(layers.dense({ units: 1 }), y) });
};

const stocks = stock as unknown as Functions;
const models: Record<string, () => LayersModel> = {
  elementwise: () => elementwise(layers),
  "elementwise, tf.layers'": () => elementwise(stocks),
  normalised: () => normalised(layers),
  "normalised, tf.layers'": () => normalised(stocks),
  merged: () => merged(layers),
  "merged, tf.layers'": () => merged(stocks),
  recurrent: () => recurrent(layers),
  "recurrent, tf.layers'": () => recurrent(stocks),
  embedded: () => embedded(layers),
  "embedded, tf.layers'": () => embedded(stocks),
  nested: () => nested(layers),
  "nested, tf.layers'": () => nested(stocks),
};

/** Rows with masked steps in the middle, in front and behind. */
const x = {
  shape: [3, 4, 2],
  dtype: "float32" as const,
  data: [...fill([3, 4, 2], 2)].map((v, i) => ([1, 4, 5, 11].includes(i >> 1) ? 0 : v)),
};
const tokens = {
  shape: [3, 4],
  dtype: "int32" as const,
  data: [1, 0, 3, 2, 0, 0, 4, 1, 2, 4, 1, 0],
};
const y = { shape: [3, 1], dtype: "float32" as const, data: [0.4, -0.3, 0.8] };
const given = (id: string) => (id.startsWith("embedded") ? tokens : x);
const count = 3;

function ready(id: string): LayersModel {
  const model = filled(models[id]!());
  model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
  return model;
}

async function steps(id: string, model: LayersModel): Promise<number[]> {
  const { data, shape, dtype } = given(id);
  const [xs, ys] = [tensor(data, shape, dtype), tensor(y.data, [3, 1])];
  const losses: number[] = [];
  for (let i = 0; i < count; i++) losses.push((await model.trainOnBatch(xs, ys)) as number);
  xs.dispose();
  ys.dispose();
  return losses;
}

test.each(Object.keys(models))("%s: trains, and leaves nothing behind", async (id) => {
  const model = ready(id);
  const losses: number[] = [];
  await expectNoTensorLeak(async () => {
    losses.push(...(await steps(id, model)));
  });
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
});

describe.skipIf(!kerasPython)("Keras's losses (skipped without RNNKIT_KERAS_PYTHON)", () => {
  interface Trained {
    losses: number[];
    weights: number[][];
  }
  const expected: Record<string, Trained> = {};
  let answers: Record<string, Record<string, Trained> & { error?: string }> | null;

  beforeAll(async () => {
    answers = await askKeras<typeof answers>(async (folder) => {
      const cases: object[] = [];
      for (const id of Object.keys(models)) {
        const model = ready(id);
        const file = `${id}.keras`;
        await saveKerasModel(model, join(folder, file));
        cases.push({ id, x: given(id), y, steps: { [file]: count } });
        const losses = await steps(id, model);
        const weights = weightPaths(model).filter(({ variable }) =>
          model.trainableWeights.includes(variable),
        );
        expected[id] = {
          losses,
          weights: weights.map(({ variable }) => [...variable.read().dataSync()]),
        };
        model.dispose();
      }
      return cases;
    }, "train");
  }, 900_000);

  test.for(Object.keys(models))("%s: losses and weights", (id, { skip }) => {
    if (!answers) return skip("this Keras has no backend that trains");
    expect(answers[id]!.error).toBeUndefined();
    for (const { losses, weights } of Object.values<Trained>(answers[id] as never)) {
      expect(losses).toBeAllclose(expected[id]!.losses, tolerances.keras.training);
      for (const [i, values] of expected[id]!.weights.entries()) {
        expect(weights[i]).toBeAllclose(values, { atol: 1e-5 });
      }
    }
  });
});
