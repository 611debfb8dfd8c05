// `fitDataset` and `evaluateDataset`: batches as Keras takes them, held against the model before anything is done with
// them; an epoch's metrics under masks are those of all that was kept, as in `fit` and `evaluate`.

import { dispose, type Scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Callback, History } from "@tensorflow/tfjs-layers";
import type { BatchResult, Compiled } from "../compile/compiled-model.ts";
import {
  type CheckedDataset,
  checkedDataset,
  noBatches,
  tensorsOfBatch,
} from "./dataset-batches.ts";
import { datasetEpochs } from "./dataset-epochs.ts";
import { batchSource } from "./dataset-source.ts";
import { asScalar, type FittedModel } from "./fit-loop.ts";
import type { ClassWeight } from "./sample-weights.ts";
import { tallyOf } from "./test-loop.ts";
import { callbacksOf, trainingOptions } from "./training-options.ts";
import type { Tensors } from "./validation-weights.ts";

type Data = (Tensor | null)[];
type Values = Scalar | Scalar[];
/** What tfjs-layers' models have and do not tell. */
interface FittedByDataset extends FittedModel {
  isTraining: boolean;
  getDedupedMetricsNames(): string[];
  standardizeUserDataXY(x: Tensors, y: Tensors): unknown;
  evaluate(x: Tensors, y: Tensors, args?: object): Values;
}

/** Puts batches of a model through **run**: inputs, targets and weights to losses and metrics. */
export function batchFunction(
  model: Compiled,
  run: (model: Compiled, data: Data) => BatchResult,
): (data: Data) => Scalar[] {
  return (data) =>
    tidy(() => {
      const { losses, metrics } = run(model, data);
      return [...losses, ...metrics].map(asScalar);
    });
}

interface DatasetArgs {
  epochs?: number;
  initialEpoch?: number;
  batchesPerEpoch?: number;
  classWeight?: ClassWeight;
  callbacks?: unknown;
  yieldEvery?: unknown;
  validationData?: unknown;
  validationBatches?: number;
  validationBatchSize?: number;
  batches?: number;
}

/** `fitDataset` with tfjs-layers' own, **stock**, for what is called when. */
export async function fittedDataset(
  model: FittedByDataset,
  stock: (dataset: unknown, options: object) => Promise<History>,
  dataset: unknown,
  args: DatasetArgs,
): Promise<History> {
  const who = "fitDataset";
  const { classWeight, epochs = 1, initialEpoch = 0, ...options } = trainingOptions(who, args);
  const { batchesPerEpoch } = options;
  const callbacks = callbacksOf(who, options);
  const batches = checkedDataset(who, model, dataset, classWeight);
  checkEnds(who, "batchesPerEpoch", dataset, batchesPerEpoch);
  const validationData = checkedValidation(model, options);
  if (model.isTraining) throw new Error(`${who}: expected a model at rest, got one in training`);
  model.isTraining = true;
  try {
    if (validationData && "open" in validationData) await validationData.open();
    let isTold = false;
    const source = batchSource(batches, batchesPerEpoch, (count) => {
      if (!isTold) {
        console.warn(
          `${who}: expected ${batchesPerEpoch} batches an epoch, got ${count}: the dataset has no more, and begins anew with the next epoch; one that repeats has enough for all`,
        );
      }
      isTold = true;
    });
    return await datasetEpochs(
      model,
      {
        ...{ source, epochs, initialEpoch },
        labels: model.getDedupedMetricsNames(),
        validate: validationData && (() => validated(model, validationData, options)),
        onEnd: (now) =>
          console.warn(
            `${who}: expected batches for ${epochs} epochs, got some for ${now}: the dataset has no more, and begins only once`,
          ),
      },
      callbacks as unknown as Callback[],
      (all) => {
        // tfjs-layers' own says the callbacks of no model that is in training.
        model.isTraining = false;
        try {
          return stock(batches, { ...options, epochs, validationData, callbacks: all });
        } finally {
          model.isTraining = true;
        }
      },
    );
  } finally {
    model.isTraining = false;
    if (validationData && "close" in validationData) validationData.close();
  }
}

/** What tells no end is not waited for. */
function checkEnds(who: string, what: string, dataset: unknown, batches: number | undefined): void {
  const { size } = dataset as { size?: number };
  if (size !== Infinity || batches !== undefined) return;
  throw new Error(`${who}: expected ${what} for a dataset without an end, got none`);
}

/** Data to validate on, held against the model before it is trained: tensors, or a dataset. */
function checkedValidation(
  model: FittedByDataset,
  { validationData, validationBatches, validationBatchSize }: DatasetArgs,
): CheckedDataset | [Tensors, Tensors] | undefined {
  const who = "fitDataset";
  const isTensors = Array.isArray(validationData);
  const isDataset = validationData !== undefined && !isTensors;
  const alone = (name: string, beside: string): Error =>
    new Error(`${who}: expected ${name} beside ${beside} as validationData alone`);
  if (validationBatches !== undefined && !isDataset) throw alone("validationBatches", "a dataset");
  if (validationBatchSize !== undefined && !isTensors) throw alone("validationBatchSize", "[x, y]");
  if (isDataset) {
    checkEnds(who, "validationBatches", validationData, validationBatches);
    return checkedDataset(`${who} validationData`, model, validationData);
  }
  if (!isTensors) return undefined;
  const [x, y] = validationData as [Tensors, Tensors];
  tidy(() => void model.standardizeUserDataXY(x, y));
  return [x, y];
}

/** Losses and metrics on what a training is validated on. */
async function validated(
  model: FittedByDataset,
  data: CheckedDataset | [Tensors, Tensors],
  { validationBatches, validationBatchSize }: DatasetArgs,
): Promise<Scalar[]> {
  if (!Array.isArray(data)) {
    return evaluated("fitDataset validationData", model, data, validationBatches);
  }
  return [model.evaluate(...data, { batchSize: validationBatchSize ?? 32 })].flat();
}

/** `evaluateDataset`. */
export async function evaluatedDataset(
  model: Compiled,
  dataset: unknown,
  args: DatasetArgs,
): Promise<Values> {
  const who = "evaluateDataset";
  const options = trainingOptions(who, args);
  const batches = checkedDataset(who, model, dataset);
  checkEnds(who, "batches", dataset, options.batches);
  const values = await evaluated(who, model, batches, options.batches);
  return values.length === 1 ? values[0]! : values;
}

/** Losses and metrics over the first **count** batches of a dataset, or all. */
async function evaluated(
  who: string,
  model: Compiled,
  dataset: CheckedDataset,
  count: number | undefined,
): Promise<Scalar[]> {
  const short = (got: number) =>
    console.warn(`${who}: expected ${count} batches, got ${got}: the values are of those`);
  const source = batchSource(dataset, count, short);
  const tally = tallyOf(model);
  try {
    let batch = await source.next(true);
    if (!batch) throw noBatches(who);
    for (; batch; batch = await source.next(false)) {
      const data = tensorsOfBatch(batch);
      try {
        tally.add(data, data[0]!.shape[0]!);
      } finally {
        dispose(data);
      }
    }
    return tidy(() => tally.values().map(asScalar));
  } finally {
    tally.dispose();
  }
}
