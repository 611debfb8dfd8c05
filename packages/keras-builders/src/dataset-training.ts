// `fitDataset` and `evaluateDataset`: tfjs-layers goes through the batches and averages what each gave. Under
// masks a metric is that of all that was kept, as in `fit` and `evaluate`.

import { dispose, type Scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { History } from "@tensorflow/tfjs-layers";
import type { BatchResult, Compiled } from "./compiled-model.ts";
import { type CheckedDataset, checkedDataset, weightsOfBatch } from "./dataset-batches.ts";
import { asScalar, epochCallback } from "./fit-loop.ts";
import { type MetricTotals, metricTotals } from "./metric-totals.ts";
import type { ClassWeight } from "./sample-weights.ts";
import { callbacksOf, trainingOptions } from "./training-options.ts";
import type { Tensors } from "./validation-weights.ts";

type Data = (Tensor | null)[];
type Values = Scalar | Scalar[];
/** What tfjs-layers' models have and do not tell. */
interface FittedByDataset extends Compiled {
  getDedupedMetricsNames(): string[];
  standardizeUserDataXY(x: Tensors, y: Tensors): unknown;
}
type FromDataset<Result> = (dataset: unknown, options: object) => Promise<Result>;

/** What the next batch function adds to: tfjs-layers makes one before it waits for anything. */
let collecting: MetricTotals | undefined;

/** Starts what makes a batch function, which adds to **totals**. */
function collected<Result>(totals: MetricTotals, start: () => Promise<Result>): Promise<Result> {
  collecting = totals;
  try {
    return start();
  } finally {
    collecting = undefined;
  }
}

/** Puts batches of a model through **run**: inputs, targets and weights to losses and metrics. */
export function batchFunction(
  model: Compiled,
  run: (model: Compiled, data: Data) => BatchResult,
): (data: Data) => Scalar[] {
  const totals = collecting;
  return (data) => {
    const weights = weightsOfBatch(data);
    try {
      return tidy(() => {
        const { losses, metrics, parts } = run(model, [...data, ...weights]);
        totals?.add(parts);
        return [...losses, ...metrics].map(asScalar);
      });
    } finally {
      dispose(weights);
    }
  };
}

interface DatasetArgs {
  epochs?: number;
  batchesPerEpoch?: number;
  classWeight?: ClassWeight;
  callbacks?: unknown;
  yieldEvery?: unknown;
  validationData?: unknown;
  validationBatches?: number;
  validationBatchSize?: number;
  batches?: number;
}

/** tfjs-layers' `fitDataset`, **stock**, with the metrics of whole epochs. */
export async function fittedDataset(
  model: FittedByDataset,
  stock: FromDataset<History>,
  dataset: unknown,
  args: DatasetArgs,
): Promise<History> {
  const who = "fitDataset";
  const { classWeight, ...options } = trainingOptions(who, args);
  const callbacks = callbacksOf(who, options);
  const batches = checkedDataset(who, model, dataset, classWeight);
  checkEnds(who, "batchesPerEpoch", dataset, options.batchesPerEpoch);
  const validationData = checkedValidation(model, options);
  const totals = metricTotals();
  try {
    if (validationData && "open" in validationData) await validationData.open();
    return await collected(totals, async () => {
      const first = epochCallback(totals, model.getDedupedMetricsNames());
      const given = { ...options, validationData, callbacks: [first, ...callbacks] };
      return await stock(batches, given);
    });
  } finally {
    totals.dispose();
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

/** tfjs-layers' `evaluateDataset`, **stock**, with the metrics of all batches. */
export async function evaluatedDataset(
  model: Compiled,
  stock: FromDataset<Values>,
  dataset: unknown,
  args: DatasetArgs,
): Promise<Values> {
  const who = "evaluateDataset";
  const options = trainingOptions(who, args);
  const batches = checkedDataset(who, model, dataset);
  checkEnds(who, "batches", dataset, options.batches);
  const totals = metricTotals();
  try {
    const values = [await collected(totals, () => stock(batches, options))].flat();
    const means = totals.means();
    for (const [i, mean] of means.entries()) {
      if (!mean) continue;
      const at = values.length - means.length + i;
      values[at]!.dispose();
      values[at] = mean;
    }
    return values.length === 1 ? values[0]! : values;
  } finally {
    totals.dispose();
  }
}
