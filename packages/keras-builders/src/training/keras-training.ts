// `compile`, `fit`, `trainOnBatch` and `evaluate` of models with layers of this package do what Keras's do: masks and
// weights count in losses and metrics, regularizers in evaluate, a seed fixes the order of the examples, and
// what is not understood is refused. Models without such a layer are tfjs-layers' own, as ever.

import { shown } from "@rnnkit/core-rnn";
import { dispose, type Scalar, Tensor, tidy } from "@tensorflow/tfjs-core";
import {
  type Callback,
  type History,
  LayersModel,
  type ModelCompileArgs,
  type ModelEvaluateArgs,
  type ModelFitArgs,
  Sequential,
} from "@tensorflow/tfjs-layers";
import { chainPredicted } from "../chain/chain-step.ts";
import { compileAsKeras, type KerasCompileArgs } from "../compile/compile-as-keras.ts";
import type { Value } from "../compile/compiled-model.ts";
import { isKerasModel } from "../graph/keras-graph.ts";
import { testedBatch, trainedBatch } from "./batch-steps.ts";
import { batchFunction, evaluatedDataset, fittedDataset } from "./dataset-training.ts";
import { asScalar, type FittedModel, fittedEpochs } from "./fit-loop.ts";
import { type ExampleWeights, exampleWeights, sampleWeights } from "./sample-weights.ts";
import { withTargetAxes } from "./target-axis.ts";
import { checkFilled, namedTensors } from "./tensor-names.ts";
import { testedData } from "./test-loop.ts";
import { callbacksOf, trainingOptions } from "./training-options.ts";
import { type Tensors, validationWeightsOf, withValidationWeights } from "./validation-weights.ts";

type AnyFunction = (...args: unknown[]) => unknown;
type Data = (Tensor | null)[];
type Values = Scalar | Scalar[];
type Outputs = Tensor | Tensor[];
type BatchFunction = (data: Data) => Scalar[];
type Standardized = [x: Tensor[], y: Tensor[], weights: Tensor[] | null];
type FitLoopArgs = [
  ...[f: BatchFunction, ins: Data, outLabels: string[], batchSize: number, epochs: number],
  ...[verbose: unknown, callbacks: unknown[], valF: unknown, valIns: Data],
  ...[shuffle: boolean | string | undefined, ...others: unknown[]],
];

/** What tfjs-layers' models have and do not tell. */
interface Model extends FittedModel {
  layers: LayersModel["layers"];
  outputNames: string[];
  isOptimizerOwned: boolean;
  isTraining: boolean;
  compile(args: ModelCompileArgs): void;
  testFunction: BatchFunction;
  makeTrainFunction(): BatchFunction;
  makeTestFunction(): void;
  standardizeUserDataXY(...args: StandardizeXyArgs): [Tensor[], Tensor[]];
  standardizeUserData(...args: StandardizeArgs): Promise<Standardized>;
  fit(x: Tensors, y: Tensors, args?: ModelFitArgs): Promise<History>;
  fitLoop(...args: FitLoopArgs): Promise<History>;
  testLoop(f: unknown, ins: Data, batchSize: number, ...others: unknown[]): Scalar[];
  evaluate(x: Tensors, y: Tensors, args?: ModelEvaluateArgs): Values;
  trainOnBatch(x: Tensors, y: Tensors, weights?: ExampleWeights): Promise<number | number[]>;
  fitDataset(dataset: unknown, options: object): Promise<History>;
  evaluateDataset(dataset: unknown, options: object): Promise<Values>;
  predict(x: Tensors, args?: object): Outputs;
  predictLoop(x: Tensor | Tensor[], batchSize?: number, verbose?: unknown): Outputs;
  predictOnBatch(x: Tensors): Outputs;
  getDedupedMetricsNames(): string[];
}
type StandardizeXyArgs = [x: Tensors, y: Tensors, checkBatchAxis?: boolean, batchSize?: number];
type StandardizeArgs = [
  ...[x: Tensors, y: Tensors, sampleWeight?: unknown, classWeight?: unknown],
  ...[checkBatchAxis?: boolean, batchSize?: number],
];

let isInstalled = false;

/** On a method that took the place of tfjs-layers' own: that one. Another copy of this package asks for it by this. */
const stockMark = Symbol.for("@rnnkit/keras-builders stock");
type Marked = AnyFunction & { [stockMark]?: AnyFunction };
/** tfjs-layers' own method: what another copy has put in its place would train a model of both once more. */
const stockOf = (method: Marked): AnyFunction => method[stockMark] ?? method;

/** Puts Keras's training in the place of tfjs-layers' for the models that it is for; once. */
export function installTraining(): void {
  if (isInstalled) return;
  isInstalled = true;
  const model = LayersModel.prototype as unknown as Model;
  for (const name of Object.keys(methods) as (keyof typeof methods)[]) {
    const before = model[name] as Marked;
    const stock = stockOf(before);
    const keras = methods[name] as (stock: unknown, model: Model, ...args: unknown[]) => unknown;
    const method: Marked = function (this: Model, ...args) {
      if (!isKerasModel(this)) return before.apply(this, args);
      return keras(stock.bind(this), this, ...args);
    };
    Object.assign(model, { [name]: Object.assign(method, { [stockMark]: stock }) });
  }
  // tfjs-layers' own hand fewer arguments on.
  for (const name of ["trainOnBatch", "predictOnBatch"] as const) {
    const sequential = Sequential.prototype as unknown as Record<string, AnyFunction>;
    const stock = sequential[name]!;
    sequential[name] = function (this: Model & { model?: Model }, ...args) {
      const inner = this.model && isKerasModel(this) ? this.model : undefined;
      return inner ? (inner[name] as AnyFunction)(...args) : stock.apply(this, args);
    };
  }
}

const methods = {
  compile(stock: Model["compile"], model: Model, args: KerasCompileArgs): void {
    compileAsKeras(model, trainingOptions("compile", args), stock);
  },

  makeTrainFunction(_stock: unknown, model: Model): BatchFunction {
    return batchFunction(model, trainedBatch);
  },

  makeTestFunction(_stock: unknown, model: Model): void {
    model.testFunction = batchFunction(model, testedBatch);
  },

  standardizeUserDataXY(
    stock: Model["standardizeUserDataXY"],
    model: Model,
    ...[x, y, ...others]: StandardizeXyArgs
  ): [Tensor[], Tensor[]] {
    namedTensors(`${model.name}: expected x`, model.inputNames, x);
    namedTensors(`${model.name}: expected y`, model.outputNames, y);
    const [targets, made] = withTargetAxes(model, y);
    try {
      const [xs, ys] = stock(x, targets, ...others);
      checkFilled(model.name, [...xs, ...ys]);
      return [xs, ys];
    } catch (error) {
      dispose(made);
      throw error;
    }
  },

  async standardizeUserData(
    _stock: unknown,
    model: Model,
    ...[x, y, sampleWeight, classWeight, checkBatchAxis, batchSize]: StandardizeArgs
  ): Promise<Standardized> {
    const [xs, ys] = model.standardizeUserDataXY(x, y, checkBatchAxis ?? true, batchSize);
    const given = { sampleWeight, classWeight } as ExampleWeights;
    const weights = await exampleWeights(model.name, given, ys, model.outputNames);
    const validation = validationWeightsOf(y);
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
    const options = trainingOptions("fit", args);
    const callbacks = callbacksOf("fit", options);
    const given = { ...options, callbacks } as ModelFitArgs;
    const [xs, ys, all, made] = withValidationWeights(model.name, x, y, given);
    try {
      return await stock(xs, ys, all);
    } finally {
      for (const tensor of made) tensor.dispose();
    }
  },

  async fitLoop(stock: Model["fitLoop"], model: Model, ...args: FitLoopArgs): Promise<History> {
    const [f, ins, labels, batchSize, epochs, verbose, callbacks, valF, valIns] = args;
    const [shuffle, callbackMetrics, initialEpoch, ...others] = args.slice(9);
    // What tfjs-layers refuses.
    if (typeof shuffle === "string") return stock(...args);
    const [trained, validated] = [ins[0]!.shape[0], valIns?.[0]?.shape[0]];
    if (trained === 0 || validated === 0) {
      throw new Error(
        `fit: expected validationSplit to leave some examples to train on and to validate on, got ${trained} and ${validated}`,
      );
    }
    const plan = {
      data: ins,
      validation: valF ? valIns : undefined,
      ...{ batchSize: batchSize ?? 32, epochs: epochs ?? 1 },
      initialEpoch: (initialEpoch as number | undefined) ?? 0,
      isShuffled: shuffle !== false,
      labels,
    };
    return fittedEpochs(model, plan, callbacks as Callback[], (all) =>
      stock(
        ...[f, ins, labels, batchSize, epochs, verbose, all as unknown[], valF, valIns],
        ...[false, callbackMetrics, initialEpoch, ...others],
      ),
    );
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
    return tidy(() => testedData(model, ins, batchSize).map(asScalar));
  },

  fitDataset(stock: Model["fitDataset"], model: Model, ...given: [unknown, object?]) {
    const [dataset, args = {}] = given;
    return fittedDataset(model, stock, dataset, args);
  },

  evaluateDataset(_stock: unknown, model: Model, ...given: [unknown, object?]) {
    const [dataset, args = {}] = given;
    return evaluatedDataset(model, dataset, args);
  },

  predict(stock: Model["predict"], model: Model, x: Tensors, args: object = {}): Outputs {
    const options = trainingOptions("predict", args);
    return stock(predicted("predict", model, x), options);
  },

  predictLoop(
    stock: Model["predictLoop"],
    model: Model,
    x: Tensor | Tensor[],
    batchSize = 32,
    verbose?: unknown,
  ): Outputs {
    const [only] = [x].flat() as [Tensor];
    const whole = verbose ? undefined : chainPredicted(model, only, batchSize);
    return whole ?? stock(x, batchSize, verbose);
  },

  predictOnBatch(stock: Model["predictOnBatch"], model: Model, ...given: [Tensors]): Outputs {
    if (given.length === 1) return stock(predicted("predictOnBatch", model, given[0]));
    const got = given.slice(1).map((each) => shown(each));
    throw new TypeError(`predictOnBatch: expected inputs and nothing else, got ${got.join(", ")}`);
  },

  evaluate(
    _stock: unknown,
    model: Model,
    x: Tensors,
    y: Tensors,
    args: ModelEvaluateArgs = {},
  ): Values {
    const { batchSize = 32, sampleWeight, steps } = trainingOptions("evaluate", args);
    const [xs, ys] = model.standardizeUserDataXY(x, y, true, batchSize);
    let weights: Tensor[] = [];
    try {
      if (sampleWeight) weights = sampleWeights("evaluate", sampleWeight, ys, model.outputNames);
      const values = model.testLoop(null, [...xs, ...ys, ...weights], batchSize, 0, steps);
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
    const { sampleWeight, classWeight } = trainingOptions("trainOnBatch", given);
    const [xs, ys, weights] = await model.standardizeUserData(x, y, sampleWeight, classWeight);
    const values: Value[] = [];
    try {
      const data = [...xs, ...ys, ...(weights ?? [])];
      const { losses, metrics, parts } = trainedBatch(model, data);
      // Those of one batch alone say no more than its metrics.
      for (const part of parts) if (part) dispose([part.total, part.count]);
      values.push(...losses, ...metrics);
      const numbers = await Promise.all(
        values.map(async (value) => (typeof value === "number" ? value : (await value.data())[0]!)),
      );
      return numbers.length === 1 ? numbers[0]! : numbers;
    } finally {
      for (const value of values) if (typeof value !== "number") value.dispose();
      disposeOthers([...xs, ...ys, ...(weights ?? [])], x, y);
    }
  },
};

/** What is predicted from, in the order of the model's inputs. */
function predicted(who: string, model: Model, given: Tensors): Tensors {
  const xs = namedTensors(`${who}: expected x`, model.inputNames, given);
  checkFilled(who, xs);
  return given instanceof Tensor ? given : xs;
}

/** tfjs-layers makes tensors of their own of some that it is given. */
function disposeOthers(used: readonly Tensor[], ...given: Tensors[]): void {
  const own = given.flatMap((each) => (each instanceof Tensor ? [each] : Object.values(each)));
  for (const tensor of used) if (!own.includes(tensor)) tensor.dispose();
}
