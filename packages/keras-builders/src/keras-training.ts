// `compile`, `fit`, `trainOnBatch` and `evaluate` of models with layers of this package do what Keras's do: masks and
// weights count in losses and metrics, regularizers in evaluate, a seed fixes the order of the examples, and
// what is not understood is refused. Models without such a layer are tfjs-layers' own, as ever.

import { checkOptions, shown } from "@rnnkit/core-rnn";
import { type Scalar, Tensor, tidy } from "@tensorflow/tfjs-core";
import {
  type History,
  LayersModel,
  type ModelCompileArgs,
  type ModelEvaluateArgs,
  type ModelFitArgs,
  Sequential,
} from "@tensorflow/tfjs-layers";
import { type Compiled, testedBatch, trainedBatch } from "./batch-steps.ts";
import { compileAsKeras, type KerasCompileArgs } from "./compile-as-keras.ts";
import { epochsOf, rows, testedData } from "./fit-loop.ts";
import { isKerasModel } from "./keras-graph.ts";
import {
  type ExampleWeights,
  exampleWeights,
  type SampleWeight,
  sampleWeights,
} from "./sample-weights.ts";

type Tensors = Tensor | Tensor[] | { [name: string]: Tensor };
type Data = (Tensor | null)[];
type Values = Scalar | Scalar[];
type BatchFunction = (data: Data) => Scalar[];
type Standardized = [x: Tensor[], y: Tensor[], weights: Tensor[] | null];
type FitLoopArgs = [
  ...[f: BatchFunction, ins: Data, outLabels: string[], batchSize: number, epochs: number],
  ...[verbose: unknown, callbacks: unknown[], valF: unknown, valIns: Data],
  ...[shuffle: boolean | string | undefined, ...others: unknown[]],
];

/** What tfjs-layers' models have and do not tell. */
interface Model extends Compiled {
  layers: LayersModel["layers"];
  outputNames: string[];
  isOptimizerOwned: boolean;
  compile(args: ModelCompileArgs): void;
  testFunction: BatchFunction;
  makeTrainFunction(): BatchFunction;
  makeTestFunction(): void;
  standardizeUserDataXY(...args: unknown[]): [Tensor[], Tensor[]];
  standardizeUserData(...args: StandardizeArgs): Promise<Standardized>;
  fit(x: Tensors, y: Tensors, args?: ModelFitArgs): Promise<History>;
  fitLoop(...args: FitLoopArgs): Promise<History>;
  testLoop(f: unknown, ins: Data, batchSize: number, ...others: unknown[]): Scalar[];
  evaluate(x: Tensors, y: Tensors, args?: ModelEvaluateArgs): Values;
  trainOnBatch(x: Tensors, y: Tensors, weights?: ExampleWeights): Promise<number | number[]>;
}
type StandardizeArgs = [
  ...[x: Tensors, y: Tensors, sampleWeight?: unknown, classWeight?: unknown],
  ...[checkBatchAxis?: boolean, batchSize?: number],
];

const fitOptions = [
  ...[
    "batchSize",
    "epochs",
    "verbose",
    "callbacks",
    "validationSplit",
    "validationData",
    "shuffle",
  ],
  ...["classWeight", "sampleWeight", "initialEpoch", "stepsPerEpoch", "validationSteps"],
  "yieldEvery",
];

let isInstalled = false;

/** Puts Keras's training in the place of tfjs-layers' for the models that it is for; once. */
export function installTraining(): void {
  if (isInstalled) return;
  isInstalled = true;
  const model = LayersModel.prototype as unknown as Model;
  for (const name of Object.keys(methods) as (keyof typeof methods)[]) {
    const stock = model[name] as (...args: unknown[]) => unknown;
    const keras = methods[name] as (stock: unknown, model: Model, ...args: unknown[]) => unknown;
    Object.assign(model, {
      [name](this: Model, ...args: unknown[]) {
        if (!isKerasModel(this)) return stock.apply(this, args);
        return keras(stock.bind(this), this, ...args);
      },
    });
  }
  // tfjs-layers' own hands two arguments on.
  const sequential = Sequential.prototype as unknown as Model;
  sequential.trainOnBatch = async function (this: Model, ...args) {
    return (this as unknown as { model: Model }).model.trainOnBatch(...args);
  };
}

/** The weights that belong to targets, which tfjs-layers hands on alone. */
const validationWeights = new WeakMap<object, SampleWeight>();

const methods = {
  compile(stock: Model["compile"], model: Model, args: KerasCompileArgs): void {
    checkOptions("compile", args, ["optimizer", "loss", "metrics"]);
    compileAsKeras(model, args, stock);
  },

  makeTrainFunction(_stock: unknown, model: Model): BatchFunction {
    return (data) =>
      tidy(() => {
        const { losses, metrics } = trainedBatch(model, data);
        return [...losses, ...metrics];
      });
  },

  makeTestFunction(_stock: unknown, model: Model): void {
    model.testFunction = (data) =>
      tidy(() => {
        const { losses, metrics } = testedBatch(model, data);
        return [...losses, ...metrics];
      });
  },

  async standardizeUserData(
    _stock: unknown,
    model: Model,
    ...[x, y, sampleWeight, classWeight, checkBatchAxis, batchSize]: StandardizeArgs
  ): Promise<Standardized> {
    const [xs, ys] = model.standardizeUserDataXY(x, y, checkBatchAxis ?? true, batchSize);
    const given = { sampleWeight, classWeight } as ExampleWeights;
    const weights = await exampleWeights(model.name, given, ys, model.outputNames);
    const validation = validationWeights.get(y);
    if (!validation) return [xs, ys, weights ?? null];
    // Behind the targets, where they are looked for in a batch.
    return [xs, [...ys, ...sampleWeights(model.name, validation, ys, model.outputNames)], null];
  },

  async fit(
    stock: Model["fit"],
    model: Model,
    x: Tensors,
    y: Tensors,
    args: ModelFitArgs = {},
  ): Promise<History> {
    checkOptions("fit", args, fitOptions);
    const [xs, ys, all, made] = withValidationWeights(model, x, y, args);
    try {
      return await stock(xs, ys, all);
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  },

  async fitLoop(stock: Model["fitLoop"], model: Model, ...args: FitLoopArgs): Promise<History> {
    const [, ins, labels, batchSize, epochs, verbose, callbacks, valF, valIns] = args;
    const [shuffle, ...others] = args.slice(9);
    // What tfjs-layers refuses.
    if (typeof shuffle === "string") return stock(...args);
    const run = epochsOf(model, ins, shuffle !== false, labels);
    try {
      const all = [run.callback, ...callbacks];
      const before = [run.step, run.ins, labels, batchSize, epochs, verbose, all] as const;
      return await stock(...before, valF, valIns, false, ...others);
    } finally {
      run.dispose();
    }
  },

  testLoop(
    stock: Model["testLoop"],
    model: Model,
    f: unknown,
    ins: Data,
    batchSize: number,
    verbose: unknown = 0,
    steps?: unknown,
  ): Scalar[] {
    // What tfjs-layers refuses.
    if (verbose || steps != null) return stock(f, ins, batchSize, verbose, steps);
    return testedData(model, ins, batchSize);
  },

  evaluate(
    _stock: unknown,
    model: Model,
    x: Tensors,
    y: Tensors,
    args: ModelEvaluateArgs = {},
  ): Values {
    checkOptions("evaluate", args, ["batchSize", "verbose", "sampleWeight", "steps"]);
    const { batchSize = 32, sampleWeight, verbose, steps } = args;
    if (!(Number.isInteger(batchSize) && batchSize > 0)) {
      throw new Error(
        `evaluate: expected batchSize to be a whole number from 1, got ${shown(batchSize)}`,
      );
    }
    const [xs, ys] = model.standardizeUserDataXY(x, y, true, batchSize);
    let weights: Tensor[] = [];
    try {
      if (sampleWeight) weights = sampleWeights("evaluate", sampleWeight, ys, model.outputNames);
      const values = model.testLoop(null, [...xs, ...ys, ...weights], batchSize, verbose, steps);
      return values.length === 1 ? values[0]! : values;
    } finally {
      disposeOthers([...xs, ...ys, ...weights], x, y);
    }
  },

  async trainOnBatch(
    _stock: unknown,
    model: Model,
    x: Tensors,
    y: Tensors,
    given: ExampleWeights = {},
  ): Promise<number | number[]> {
    checkOptions("trainOnBatch", given, ["sampleWeight", "classWeight"]);
    const { sampleWeight, classWeight } = given;
    const [xs, ys, weights] = await model.standardizeUserData(x, y, sampleWeight, classWeight);
    const values: Scalar[] = [];
    try {
      values.push(...model.makeTrainFunction()([...xs, ...ys, ...(weights ?? [])]));
      const numbers = await Promise.all(values.map(async (value) => (await value.data())[0]!));
      return numbers.length === 1 ? numbers[0]! : numbers;
    } finally {
      for (const value of values) value.dispose();
      disposeOthers([...xs, ...ys, ...(weights ?? [])], x, y);
    }
  },
};

/** tfjs-layers makes tensors of their own of some that it is given. */
function disposeOthers(used: readonly Tensor[], ...given: Tensors[]): void {
  const own = given.flatMap((each) => (each instanceof Tensor ? [each] : Object.values(each)));
  for (const tensor of used) if (!own.includes(tensor)) tensor.dispose();
}

const mapped = <T extends Tensors>(given: T, by: (each: Tensor) => Tensor): T =>
  given instanceof Tensor
    ? (by(given) as T)
    : Array.isArray(given)
      ? (given.map(by) as T)
      : (Object.fromEntries(Object.entries(given).map(([name, each]) => [name, by(each)])) as T);

/**
 * The arguments of `fit` as tfjs-layers takes them, weights of validation data noted beside: those given, or
 * the last part of **sampleWeight** where **validationSplit** takes the last part of the examples. Behind
 * them, what was made for it.
 */
function withValidationWeights(
  model: Model,
  x: Tensors,
  y: Tensors,
  args: ModelFitArgs,
): [x: Tensors, y: Tensors, args: ModelFitArgs, made: Tensor[]] {
  const { validationData, validationSplit = 0, sampleWeight } = args;
  const noted = (targets: Tensors, weights: Tensors): Tensor[] => {
    const key = targets instanceof Tensor ? [targets] : { ...targets };
    validationWeights.set(key, weights as SampleWeight);
    return key as Tensor[];
  };
  if (validationData?.length === 3) {
    const [valX, valY, weights] = validationData;
    return [x, y, { ...args, validationData: [valX, noted(valY, weights)] }, []];
  }
  const isSplit = validationSplit > 0 && validationSplit < 1;
  if (sampleWeight == null || validationData != null || !isSplit) return [x, y, args, []];

  const count = firstOf(x).shape[0]!;
  const at = Math.floor(count * (1 - validationSplit));
  const made: Tensor[] = [];
  const part = (given: Tensors, from: number, to: number): Tensors =>
    mapped(given, (each) => {
      if (each.shape[0] !== count) {
        throw new Error(
          `${model.name}: expected ${count} examples in x, y and sampleWeight, got ${shown(each.shape)}`,
        );
      }
      const rowsOf = rows(each, from, to - from);
      made.push(rowsOf);
      return rowsOf;
    });
  const weights = sampleWeight as Tensors;
  const tail = noted(part(y, at, count), part(weights, at, count));
  return [
    part(x, 0, at),
    part(y, 0, at),
    {
      ...args,
      validationSplit: 0,
      sampleWeight: part(weights, 0, at) as Tensor,
      validationData: [part(x, at, count) as Tensor, tail],
    },
    made,
  ];
}

const firstOf = (given: Tensors): Tensor =>
  given instanceof Tensor ? given : (Object.values(given)[0] as Tensor);
