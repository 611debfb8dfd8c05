// `fitDataset` and `evaluateDataset`: tfjs-layers goes through the batches and averages what each gave. Under
// masks a metric is that of all that was kept, as in `fit` and `evaluate`.

import { type Scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { History } from "@tensorflow/tfjs-layers";
import type { BatchResult, Compiled } from "./compiled-model.ts";
import { asScalar, epochCallback } from "./fit-loop.ts";
import { type MetricTotals, metricTotals } from "./metric-totals.ts";
import { batchWithTargetAxes } from "./target-axis.ts";
import { callbacksOf, trainingOptions } from "./training-options.ts";

type Data = (Tensor | null)[];
type Values = Scalar | Scalar[];
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
  return (data) =>
    tidy(() => {
      const { losses, metrics, parts } = run(model, batchWithTargetAxes(model, data));
      totals?.add(parts);
      return [...losses, ...metrics].map(asScalar);
    });
}

/** tfjs-layers' `fitDataset`, **stock**, with the metrics of whole epochs. */
export async function fittedDataset(
  model: { getDedupedMetricsNames(): string[] },
  stock: FromDataset<History>,
  dataset: unknown,
  args: object,
): Promise<History> {
  const options = trainingOptions("fitDataset", args);
  const callbacks = callbacksOf("fitDataset", options);
  const totals = metricTotals();
  try {
    return await collected(totals, async () => {
      const first = epochCallback(totals, model.getDedupedMetricsNames());
      return await stock(dataset, { ...options, callbacks: [first, ...callbacks] });
    });
  } finally {
    totals.dispose();
  }
}

/** tfjs-layers' `evaluateDataset`, **stock**, with the metrics of all batches. */
export async function evaluatedDataset(
  stock: FromDataset<Values>,
  dataset: unknown,
  args: object,
): Promise<Values> {
  const options = trainingOptions("evaluateDataset", args);
  const totals = metricTotals();
  try {
    const values = [await collected(totals, () => stock(dataset, options))].flat();
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
