// The epochs of `fitDataset`, with callbacks and logs as tfjs-layers has them, and batches as Keras takes them.

import { dispose, tidy } from "@tensorflow/tfjs-core";
import type { Callback, History } from "@tensorflow/tfjs-layers";
import type { Value } from "../compile/compiled-model.ts";
import { metricTotals } from "../compile/metric-totals.ts";
import { trainedBatch } from "./batch-steps.ts";
import { callbackListOf, type LogValues } from "./callback-list.ts";
import { type Batch, noBatches, tensorsOfBatch } from "./dataset-batches.ts";
import type { BatchSource } from "./dataset-source.ts";
import {
  disposeLogs,
  endedLogs,
  epochCallback,
  type FittedModel,
  log,
  logsAreTensors,
  type StockFitLoop,
} from "./fit-loop.ts";

/** What `fitDataset` goes through. */
export interface DatasetPlan {
  source: BatchSource;
  /** Losses and metrics on what is validated on; none without. */
  validate: (() => Promise<Value[]>) | undefined;
  initialEpoch: number;
  epochs: number;
  /** Told where the source has nothing for an epoch after the first: training ends before it. */
  onEnd(epoch: number): void;
  /** Names of losses and metrics, as logs have them. */
  labels: readonly string[];
}

/** Trains a model; **stock** and the caller's **callbacks** say what is called when. */
export async function datasetEpochs(
  model: FittedModel,
  plan: DatasetPlan,
  callbacks: readonly Callback[],
  stock: StockFitLoop,
): Promise<History> {
  const { source, validate, labels } = plan;
  const totals = metricTotals();
  const first = epochCallback(totals, labels);
  const { list, history } = await callbackListOf(model, () => stock([first, ...callbacks]));
  const asTensors = logsAreTensors(model, list.callbacks.slice(1));
  // What is to be disposed of if a callback throws.
  let batch: Batch | undefined;
  let logs: LogValues = {};
  try {
    model.history = history;
    await list.onTrainBegin();
    model.stopTraining_ = false;
    for (let epoch = plan.initialEpoch; epoch < plan.epochs; epoch++) {
      batch = await source.next(true);
      if (!batch) {
        if (epoch === plan.initialEpoch) throw noBatches("fitDataset");
        plan.onEnd(epoch);
        break;
      }
      await list.onEpochBegin(epoch);
      for (let index = 0; batch; index++) {
        const size = batch.xs[0]!.shape[0]!;
        logs = { batch: index, size };
        await list.onBatchBegin(index, logs as never);
        const data = tensorsOfBatch(batch);
        batch = undefined;
        try {
          tidy(() => {
            const { losses, metrics, parts } = trainedBatch(model, data);
            totals.add(parts);
            log(logs, "", labels, [...losses, ...metrics], asTensors);
          });
        } finally {
          dispose(data);
        }
        await list.onBatchEnd(index, logs as never);
        disposeLogs(logs);
        logs = {};
        // As tfjs-layers: what stops an epoch in its middle leaves it without a validation.
        if (model.stopTraining_ && !source.isWhole()) break;
        batch = await source.next(false);
        if (!batch && validate) logs = validated(await validate(), labels, asTensors);
      }
      await list.onEpochEnd(epoch, logs as never);
      // They are the history's from now on.
      logs = {};
      if (model.stopTraining_) break;
    }
    await list.onTrainEnd();
    return history;
  } finally {
    if (batch) dispose(tensorsOfBatch(batch));
    totals.dispose();
    await endedLogs(list, history, logs);
  }
}

/** The logs of a validation. */
function validated(values: Value[], labels: readonly string[], asTensors: boolean): LogValues {
  const logs: LogValues = {};
  tidy(() => log(logs, "val_", labels, values, asTensors));
  if (!asTensors) for (const value of values) if (typeof value !== "number") value.dispose();
  return logs;
}
