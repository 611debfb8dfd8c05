// One layer of every function of `layers`, from options that tfjs-layers' function of that name takes too.

import { constraints, initializers, regularizers, layers as stock } from "@tensorflow/tfjs-layers";
import * as ours from "./layers.ts";

export type Factory = keyof typeof ours & keyof typeof stock;
export type Layer = InstanceType<typeof stock.Layer>;
/** This package's functions, or tfjs-layers' own. */
export type Api = Readonly<Record<Factory, (args: object) => Layer>>;

/** [B, T, I], and H units. */
export const [B, T, I, H] = [3, 4, 2, 5];

const weight = (...names: string[]) =>
  Object.fromEntries(
    names.flatMap((name) => [
      [`${name}Initializer`, initializers.randomUniform({ minval: -1, maxval: 1, seed: 4 })],
      [`${name}Regularizer`, regularizers.l1l2({ l1: 0.1, l2: 0.2 })],
      [`${name}Constraint`, constraints.maxNorm({ maxValue: 2, axis: 0 })],
    ]),
  );
const cell = {
  units: H,
  activation: "relu",
  useBias: true,
  ...weight("kernel", "recurrent", "bias"),
  dropout: 0.1,
  recurrentDropout: 0.2,
};
const gated = { ...cell, recurrentActivation: "sigmoid", implementation: 1 };
const lstm = { ...gated, unitForgetBias: true };
const gru = { ...gated, resetAfter: false };
const sequence = { returnSequences: true, returnState: true, goBackwards: true, unroll: true };
const dense = { units: H, activation: "relu", useBias: true, ...weight("kernel", "bias") };
const conv = { filters: H, kernelSize: 2, activation: "relu", ...weight("kernel", "bias") };
const image = [4, 4, I];

/** Options, and the shapes of the inputs without the batch. */
type Row = [args: (api: Api) => object, ...inputs: number[][]];

const table: Readonly<Record<Factory, Row>> = {
  simpleRNN: [() => ({ ...cell, ...sequence }), [T, I]],
  lstm: [() => ({ ...lstm, ...sequence }), [T, I]],
  gru: [() => ({ ...gru, ...sequence }), [T, I]],
  rnn: [(api) => ({ cell: api.lstmCell(lstm), ...sequence }), [T, I]],
  simpleRNNCell: [() => cell, [I], [H]],
  lstmCell: [() => lstm, [I], [H], [H]],
  gruCell: [() => gru, [I], [H]],
  stackedRNNCells: [(api) => ({ cells: [api.gruCell(gru), api.gruCell(gru)] }), [I], [H], [H]],
  bidirectional: [
    (api) => ({ layer: api.lstm({ ...lstm, ...sequence, name: "inner" }), mergeMode: "sum" }),
    [T, I],
  ],
  timeDistributed: [(api) => ({ layer: api.dense(dense) }), [T, I]],
  embedding: [
    () => ({ inputDim: 7, outputDim: H, ...weight("embeddings"), maskZero: true, inputLength: T }),
    [T],
  ],
  masking: [() => ({ maskValue: -1 }), [T, I]],
  dense: [() => dense, [I]],
  dropout: [() => ({ rate: 0.3, noiseShape: [null, 1], seed: 3 }), [I]],
  activation: [() => ({ activation: "relu" }), [I]],
  spatialDropout1d: [() => ({ rate: 0.3, seed: 3 }), [T, I]],
  gaussianNoise: [() => ({ stddev: 0.3 }), [I]],
  gaussianDropout: [() => ({ rate: 0.3 }), [I]],
  alphaDropout: [() => ({ rate: 0.3 }), [I]],
  flatten: [() => ({ dataFormat: "channelsLast" }), [T, I]],
  reshape: [() => ({ targetShape: [T * I] }), [T, I]],
  permute: [() => ({ dims: [2, 1] }), [T, I]],
  repeatVector: [() => ({ n: T }), [I]],
  reLU: [() => ({ maxValue: 2 }), [I]],
  leakyReLU: [() => ({ alpha: 0.1 }), [I]],
  elu: [() => ({ alpha: 1 }), [I]],
  prelu: [() => weight("alpha"), [I]],
  softmax: [() => ({ axis: -1 }), [I]],
  batchNormalization: [() => ({ momentum: 0.9, ...weight("beta", "gamma") }), [I]],
  layerNormalization: [() => ({ epsilon: 0.01 }), [I]],
  rescaling: [() => ({ scale: 2, offset: 1 }), [I]],
  add: [() => ({}), [I], [I]],
  multiply: [() => ({}), [I], [I]],
  average: [() => ({}), [I], [I]],
  maximum: [() => ({}), [I], [I]],
  minimum: [() => ({}), [I], [I]],
  concatenate: [() => ({ axis: -1 }), [I], [I]],
  dot: [() => ({ axes: -1 }), [I], [I]],
  conv1d: [() => conv, [T, I]],
  conv2d: [() => conv, image],
  conv2dTranspose: [() => conv, image],
  separableConv2d: [
    () => ({ filters: H, kernelSize: 2, ...weight("depthwise", "pointwise") }),
    image,
  ],
  depthwiseConv2d: [() => ({ kernelSize: 2, depthMultiplier: 2, ...weight("depthwise") }), image],
  maxPooling1d: [() => ({ poolSize: 2 }), [T, I]],
  maxPooling2d: [() => ({ poolSize: 2 }), image],
  averagePooling1d: [() => ({ poolSize: 2 }), [T, I]],
  averagePooling2d: [() => ({ poolSize: 2 }), image],
  globalAveragePooling1d: [() => ({}), [T, I]],
  globalAveragePooling2d: [() => ({}), image],
  globalMaxPooling1d: [() => ({}), [T, I]],
  globalMaxPooling2d: [() => ({}), image],
  upSampling2d: [() => ({ size: [2, 2] }), image],
  zeroPadding2d: [() => ({ padding: 1 }), image],
  cropping2D: [
    () => ({
      cropping: [
        [1, 1],
        [1, 1],
      ],
    }),
    image,
  ],
};

/** Functions that tfjs-layers lacks. */
type OwnFactory = Exclude<keyof typeof ours, keyof typeof stock>;

const ownTable: Readonly<Record<OwnFactory, Row>> = {
  zeroPadding1d: [() => ({ padding: [1, 2] }), [T, I]],
  cropping1D: [() => ({ cropping: 1 }), [T, I]],
  upSampling1d: [() => ({ size: 3 }), [T, I]],
  subtract: [() => ({}), [I], [I]],
  identity: [() => ({}), [I]],
  unitNormalization: [() => ({ axis: [1, -1] }), [T, I]],
  attention: [() => ({ useScale: true, dropout: 0.1, seed: 2 }), [T, I], [H, I]],
  additiveAttention: [() => ({ useScale: true }), [T, I], [H, I]],
};

export const ownFactories = Object.keys(ownTable) as OwnFactory[];

export const factories = Object.keys(table) as Factory[];

const apis = { ours, stock } as unknown as Readonly<Record<"ours" | "stock", Api>>;

/** A layer, of this package or of tfjs-layers. */
export function made(of: "ours" | "stock", factory: Factory, more: object = {}): Layer {
  return apis[of][factory]({ ...table[factory][0](apis[of]), ...more });
}

/** A layer that this package alone has. */
export function madeOwn(factory: OwnFactory): Layer {
  const makers: Readonly<Record<OwnFactory, unknown>> = ours;
  return (makers[factory] as (args: object) => Layer)(ownTable[factory][0](apis.ours));
}

/** Shapes of its inputs, without the batch. */
export function inputsOf(factory: Factory | OwnFactory): number[][] {
  const [, ...inputs] = { ...table, ...ownTable }[factory];
  return inputs;
}
