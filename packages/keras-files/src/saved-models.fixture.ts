// Models for the tests of saving: every layer that goes into a file is in one of them.

import * as rnnkit from "@rnnkit/keras-builders";
import { tensor, tidy } from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  model,
  regularizers,
  type Sequential,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof stock.Layer>;

const { layers } = rnnkit;
const oneInput = (shape: number[], ...stack: Layer[]): LayersModel =>
  sequential({ layers: [stock.inputLayer({ inputShape: shape }), ...stack] });
const series = [4, 3];
const image = [6, 6, 2];
const on = (x: SymbolicTensor | SymbolicTensor[], layer: Layer): SymbolicTensor =>
  layer.apply(x) as SymbolicTensor;

/** By name; a model's inputs are float32 unless `tokens` says how many there are. */
export const savedModels: Record<string, { make(): LayersModel; tokens?: number }> = {
  simpleRnn: {
    make: () => oneInput(series, layers.simpleRNN({ units: 3, activation: "relu", seed: 1 })),
  },
  lstm: {
    make: () =>
      oneInput(
        series,
        layers.lstm({ units: 3, returnSequences: true, dropout: 0.2, recurrentDropout: 0.1 }),
        layers.lstm({ units: 2, useBias: false, unitForgetBias: false, goBackwards: true }),
      ),
  },
  gru: {
    make: () =>
      oneInput(
        series,
        layers.gru({ units: 3, returnSequences: true, recurrentActivation: "hard_sigmoid" }),
        layers.gru({ units: 2, resetAfter: false, activation: "silu" }),
      ),
  },
  keras2HardSigmoid: {
    make: () =>
      oneInput(
        series,
        layers.lstm({
          ...{ units: 3, returnSequences: true },
          ...{ activation: "hardSigmoidKeras2", recurrentActivation: "hardSigmoidKeras2" },
        }),
        layers.bidirectional({
          layer: layers.gru({
            ...{ units: 2, returnSequences: true, recurrentActivation: "hardSigmoidKeras2" },
          }),
        }),
        stock.dense({ units: 2, activation: "hardSigmoid" }),
        layers.activation({ activation: "hardSigmoidKeras2" as "hardSigmoid" }),
      ),
  },
  changedSteps: {
    make: () =>
      oneInput(
        series,
        layers.zeroPadding1d({ padding: [2, 1] }),
        layers.lstm({ units: 3, returnSequences: true }),
        layers.upSampling1d({ size: 3 }),
        layers.identity(),
        layers.cropping1D({ cropping: [1, 4] }),
        layers.unitNormalization({ axis: 1 }),
        layers.gru({ units: 2, returnSequences: true }),
        layers.unitNormalization(),
      ),
  },
  attention: {
    make: () => {
      const [x, y] = [input({ shape: series }), input({ shape: [5, 3] })];
      const [q, v] = [
        on(x, layers.lstm({ units: 3, returnSequences: true })),
        on(y, layers.gru({ units: 3, returnSequences: true })),
      ];
      const read = [
        on([q, v, y], layers.attention({ scoreMode: "concat", dropout: 0.2, seed: 3 })),
        on([q, v], layers.attention({ useScale: true, scoreMode: "concat" })),
        on([q, v], layers.attention({ scoreMode: "concat" })),
        on([q, v, y], layers.additiveAttention()),
        on([q, v], layers.additiveAttention({ useScale: false })),
      ];
      const less = read.slice(1).reduce((a, b) => on([a, b], layers.subtract()), read[0]!);
      return model({ inputs: [x, y], outputs: [less, ...read] });
    },
  },
  maskedAttention: {
    tokens: 9,
    make: () => {
      const [x, y] = [input({ shape: [4] }), input({ shape: [5] })];
      const embed = (maskZero: boolean) =>
        layers.embedding({ inputDim: 9, outputDim: 3, maskZero });
      const [q, v, plain] = [on(x, embed(true)), on(y, embed(true)), on(y, embed(false))];
      const both = on([q, v], layers.attention({ scoreMode: "concat" }));
      const value = on([on(x, embed(false)), v], layers.additiveAttention());
      const query = on([q, plain], layers.attention({ scoreMode: "concat" }));
      const summed = on([both, query], layers.subtract());
      const ends = [summed, on(value, layers.identity()), on(query, layers.unitNormalization())];
      const padded = on(v, layers.zeroPadding1d());
      const runs = [...ends, padded].map((end) => on(end, layers.lstm({ units: 2 })));
      return model({ inputs: [x, y], outputs: [...runs, both] });
    },
  },
  softmax: {
    make: () =>
      oneInput(
        series,
        layers.simpleRNN({ units: 3, returnSequences: true, activation: "softmax" }),
        layers.bidirectional({
          layer: layers.lstm({
            ...{ units: 2, returnSequences: true },
            ...{ activation: "log_softmax", recurrentActivation: "softmax" },
          }),
        }),
        layers.rnn({ cell: [layers.gruCell({ units: 3, recurrentActivation: "softmax" })] }),
      ),
  },
  bidirectional: {
    make: () =>
      oneInput(
        series,
        layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) }),
        layers.bidirectional({
          layer: layers.gru({ units: 2 }),
          backwardLayer: layers.gru({ units: 2, goBackwards: true }),
          mergeMode: "sum",
        }),
      ),
  },
  embedding: {
    make: () =>
      sequential({
        layers: [
          layers.embedding({ inputDim: 7, outputDim: 3, maskZero: true, inputLength: 5 }),
          layers.bidirectional({ layer: layers.lstm({ units: 3 }), mergeMode: "ave" }),
          layers.dense({ units: 1, activation: "sigmoid" }),
        ],
      }),
    tokens: 7,
  },
  masking: {
    make: () =>
      oneInput(
        series,
        layers.masking({ maskValue: 0 }),
        layers.lstm({ units: 3, returnSequences: true }),
        layers.timeDistributed({ layer: layers.dense({ units: 2, activation: "tanh" }) }),
      ),
  },
  cells: {
    make: () =>
      oneInput(
        series,
        layers.rnn({
          cell: [layers.lstmCell({ units: 3 }), layers.gruCell({ units: 2 })],
          returnSequences: true,
        }),
        layers.rnn({ cell: layers.simpleRNNCell({ units: 2 }) }),
      ),
  },
  stateful: {
    make: () =>
      sequential({
        layers: [
          layers.gru({ units: 3, stateful: true, batchInputShape: [2, 4, 3] }),
          layers.dense({ units: 1 }),
        ],
      }),
  },
  regularized: {
    make: () =>
      oneInput(
        series,
        layers.simpleRNN({
          units: 3,
          kernelRegularizer: regularizers.l2({ l2: 0.1 }),
          recurrentConstraint: "maxNorm",
          kernelInitializer: "heUniform",
          recurrentInitializer: "identity",
          biasInitializer: "ones",
        }),
        layers.dense({ units: 2, kernelRegularizer: regularizers.l1l2({ l1: 0.1, l2: 0.2 }) }),
      ),
  },
  stock: {
    make: () =>
      oneInput(
        series,
        stock.lstm({ units: 3, recurrentActivation: "sigmoid", returnSequences: true }),
        stock.gru({ units: 2, recurrentActivation: "sigmoid", returnSequences: true }),
        stock.simpleRNN({ units: 2 }),
      ),
  },
  sequence: {
    make: () =>
      oneInput(
        [8, 3],
        stock.gaussianNoise({ stddev: 0.1 }),
        stock.conv1d({ filters: 4, kernelSize: 3, padding: "same", activation: "selu" }),
        stock.maxPooling1d({ poolSize: 2 }),
        stock.batchNormalization({ momentum: 0.9 }),
        stock.spatialDropout1d({ rate: 0.1 }),
        stock.averagePooling1d({ poolSize: 2, strides: 1 }),
        stock.layerNormalization(),
        stock.permute({ dims: [2, 1] }),
        stock.reshape({ targetShape: [6, 2] }),
        stock.prelu(),
        stock.globalAveragePooling1d(),
        stock.repeatVector({ n: 3 }),
        stock.elu(),
        stock.leakyReLU({ alpha: 0.1 }),
        stock.reLU({ maxValue: 6 }),
        stock.flatten(),
        stock.alphaDropout({ rate: 0.1 }),
        stock.gaussianDropout({ rate: 0.1 }),
        layers.dropout({ rate: 0.3, seed: 4 }),
        stock.dense({ units: 4, activation: "softplus", kernelInitializer: "leCunNormal" }),
        stock.activation({ activation: "softmax" }),
      ),
  },
  image: {
    make: () =>
      oneInput(
        image,
        stock.zeroPadding2d({ padding: 1 }),
        stock.conv2d({ filters: 3, kernelSize: 3, activation: "relu" }),
        stock.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }),
        stock.separableConv2d({ filters: 3, kernelSize: 2, padding: "same" }),
        stock.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 2 }),
        stock.upSampling2d({ size: [2, 2], interpolation: "nearest" }),
        stock.cropping2D({
          cropping: [
            [1, 1],
            [2, 2],
          ],
        }),
        stock.maxPooling2d({ poolSize: 2 }),
        stock.averagePooling2d({ poolSize: 2, padding: "same" }),
        stock.softmax({ axis: -1 }),
        stock.globalMaxPooling2d({ dataFormat: "channelsLast" }),
      ),
  },
  pooled: {
    make: () => {
      const x = input({ shape: series });
      const y = input({ shape: image });
      const scaled = on(x, stock.rescaling({ scale: 0.5, offset: 1 }));
      const ends = [
        on(scaled, stock.globalMaxPooling1d()),
        on(y, stock.globalAveragePooling2d({ dataFormat: "channelsLast" })),
      ];
      return model({ inputs: [x, y], outputs: ends });
    },
  },
  branches: {
    make: () => {
      const a = input({ shape: series, name: "a" });
      const b = input({ shape: [3], name: "b" });
      const shared = layers.dense({ units: 2, name: "shared" });
      const nested = sequential({
        name: "nested",
        layers: [layers.dense({ units: 3, inputShape: series }), layers.lstm({ units: 2 })],
      });
      const inside = input({ shape: [2] });
      const twice = model({
        inputs: inside,
        outputs: on(inside, layers.dense({ units: 2 })),
        name: "twice",
      });
      const x = on(a, nested);
      const y = on(b, layers.dense({ units: 2, name: "aside" }));
      const parts = [on(x, shared), on(y, shared)];
      const joined = on(on(parts, stock.concatenate()), layers.dense({ units: 2 }));
      const merged = [
        on([joined, x], stock.multiply()),
        on([joined, y], stock.average()),
        on([x, y], stock.maximum()),
        on([x, joined], stock.minimum()),
      ];
      const ends = [
        on([on(joined, twice), on(y, twice), ...merged], stock.add()),
        on([x, y], stock.dot({ axes: 1 })),
      ];
      return model({ inputs: [a, b], outputs: ends, name: "branches" });
    },
  },
  maskedGraph: {
    make: () => {
      const words = input({ shape: [5] });
      const embedded = on(words, layers.embedding({ inputDim: 7, outputDim: 2, maskZero: true }));
      const both = on(
        embedded,
        layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true }) }),
      );
      return model({ inputs: words, outputs: on(both, layers.lstm({ units: 2 })) });
    },
    tokens: 7,
  },
  stackedState: {
    make: () => {
      const x = input({ shape: series });
      const cells = () => [layers.lstmCell({ units: 3 }), layers.gruCell({ units: 2 })];
      const encoder = layers.rnn({ cell: cells(), returnState: true });
      const [, ...states] = encoder.apply(x) as unknown as SymbolicTensor[];
      const decoder = layers.rnn({ cell: cells(), returnSequences: true });
      return model({ inputs: x, outputs: decoder.apply([x, ...states]) as SymbolicTensor });
    },
  },
  handedState: {
    make: () => {
      const x = input({ shape: series });
      const encoder = layers.lstm({ units: 3, returnState: true });
      const [, h, c] = encoder.apply(x) as unknown as SymbolicTensor[];
      const decoder = layers.lstm({ units: 3, returnSequences: true });
      const y = decoder.apply(x, { initialState: [h, c] } as never) as SymbolicTensor;
      return model({ inputs: x, outputs: y });
    },
  },
  frozen: {
    make: () => {
      const inner = sequential({
        name: "inner",
        layers: [
          layers.gru({ units: 2, returnSequences: true, inputShape: series }),
          stock.batchNormalization(),
        ],
      });
      inner.trainable = false;
      return sequential({ layers: [inner, layers.lstm({ units: 2 })] });
    },
  },
};

/** One of {@link savedModels}, with weights that are the same in every run. */
export function madeModel(id: string): LayersModel {
  return filled(savedModels[id]!.make());
}

/** Gives a model weights that are the same in every run. */
export function filled<Model extends LayersModel>(made: Model): Model {
  tidy(() => {
    for (const [i, weight] of made.weights.entries()) {
      const values = fill(weight.shape as number[], i);
      const positive = weight.originalName.endsWith("moving_variance");
      weight.write(tensor(positive ? values.map((x) => x + 1) : values, weight.shape as number[]));
    }
  });
  return made;
}

export interface Input {
  shape: number[];
  dtype: "float32" | "int32";
  data: number[];
}

/** One LSTM of two units. */
export const small = (): Sequential =>
  filled(sequential({ layers: [layers.lstm({ units: 2, inputShape: [4, 3] })] }));

/** Numbers within ±0.7. */
export function fill(shape: readonly number[], seed: number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: size }, (_, i) => Math.sin(12.9898 * (i + 1) + seed) * 0.7);
}

/** Two rows for each of a model's inputs, the same in every run. */
export function inputsOf(id: string, made: LayersModel): Input[] {
  const tokens = savedModels[id]?.tokens;
  return made.inputs.map(({ shape }, k) => {
    const known = shape.map((n) => n ?? 2);
    const values = [...fill(known, k)];
    return tokens === undefined
      ? { shape: known, dtype: "float32", data: values }
      : {
          shape: known,
          dtype: "int32",
          data: values.map((x, i) => (i % 5 > 3 ? 0 : Math.floor(((x + 0.7) / 1.4) * tokens))),
        };
  });
}

/** What a model makes of inputs: the values of each output. */
export function predictionsOf(made: LayersModel, inputs: readonly Input[]): number[][] {
  return tidy(() => {
    const tensors = inputs.map(({ shape, dtype, data }) => tensor(data, shape, dtype));
    const outputs = made.predict(tensors.length > 1 ? tensors : tensors[0]!);
    return [outputs].flat().map((y) => [...y.dataSync()]);
  });
}
