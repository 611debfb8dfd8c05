// The epochs of `fit`, as tfjs-layers goes through them, with Keras's order of examples and metrics.

import { stepOps } from "@rnnkit/fused-rnn";
import { keep, type Scalar, scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import {
  Callback,
  type CallbackList,
  CustomCallback,
  EarlyStopping,
  History,
} from "@tensorflow/tfjs-layers";
import { chainOf, isChain } from "../chain/model-chain.ts";
import type { Compiled, Value } from "../compile/compiled-model.ts";
import { type MetricTotals, metricTotals } from "../compile/metric-totals.ts";
import { BatchMeans } from "./batch-means.ts";
import { trainedBatch } from "./batch-steps.ts";
import { callbackListOf, type LogValues } from "./callback-list.ts";
import { ProgressCallback } from "./progress.ts";
import { inOrder, type Shuffle, shuffleOf } from "./shuffle.ts";
import { testedData } from "./test-loop.ts";

type Data = (Tensor | null)[];

/** What tfjs-layers' models have and do not tell. */
export interface FittedModel extends Compiled {
  history: History;
  /** Set by a callback: no batch after this one. */
  stopTraining_: boolean;
}

/** What `fit` goes through. */
export interface FitPlan {
  /** Inputs, targets and weights. */
  data: Data;
  /** The same of the validation; none without. */
  validation: Data | undefined;
  batchSize: number;
  initialEpoch: number;
  epochs: number;
  isShuffled: boolean;
  /** Names of losses and metrics, as logs have them. */
  labels: readonly string[];
}

/** tfjs-layers' own `fitLoop` of these callbacks. */
export type StockFitLoop = (callbacks: readonly Callback[]) => Promise<unknown>;

/** Trains a model; **stock** and the caller's **callbacks** say what is called when. */
export async function fittedEpochs(
  model: FittedModel,
  plan: FitPlan,
  callbacks: readonly Callback[],
  stock: StockFitLoop,
): Promise<History> {
  const { data, validation, batchSize, labels } = plan;
  const count = data[0]!.shape[0]!;
  const shuffle = plan.isShuffled ? shuffleOf(model, count) : undefined;
  const totals = metricTotals();
  const ops = stepOps();
  const means = ops && new BatchMeans(ops, labels);
  const first = epochCallback(totals, labels, shuffle);
  const { list, history } = await callbackListOf(model, () => stock([first, ...callbacks]));
  const asTensors = logsAreTensors(model, list.callbacks.slice(1));
  // What is to be disposed of if a callback throws.
  let logs: LogValues = {};
  let epochLogs: LogValues = {};
  try {
    // The first is tfjs-layers' own logger, which it does not export.
    if (means) list.callbacks[0] = means;
    model.history = history;
    await list.onTrainBegin();
    model.stopTraining_ = false;
    for (let epoch = plan.initialEpoch; epoch < plan.epochs; epoch++) {
      await list.onEpochBegin(epoch);
      for (let from = 0; from < count; from += batchSize) {
        const batch = from / batchSize;
        const size = Math.min(batchSize, count - from);
        logs = {};
        await list.onBatchBegin(batch, logs as never);
        Object.assign(logs, { batch, size });
        tidy(() => {
          const examples = shuffle ? shuffle.batch(data, from, size) : inOrder(data, from, size);
          const { losses, metrics, parts } = trainedBatch(model, examples);
          totals.add(parts);
          log(logs, "", labels, [...losses, ...metrics], asTensors);
          if (validation && from + size === count) {
            const values = testedData(model, validation, batchSize);
            log(epochLogs, "val_", labels, values, asTensors);
          }
        });
        await list.onBatchEnd(batch, logs as never);
        disposeLogs(logs);
        if (model.stopTraining_) break;
      }
      await list.onEpochEnd(epoch, epochLogs as never);
      // They are the history's from now on.
      epochLogs = {};
      if (model.stopTraining_) break;
    }
    await list.onTrainEnd();
    return history;
  } finally {
    totals.dispose();
    means?.dispose();
    await endedLogs(list, history, logs, epochLogs);
  }
}

/** Lets go of what the logs of a training held that has ended, by a throw too, and reads its history's values. */
export async function endedLogs(
  { callbacks: [logger] }: CallbackList,
  history: History,
  ...logs: LogValues[]
): Promise<void> {
  // The totals of tfjs-layers' own logger, whose epoch may have no end.
  const { totals = {} } = logger as { totals?: LogValues };
  for (const each of [...logs, totals]) disposeLogs(each);
  await history.syncData();
}

/** Lets go of the tensors of a batch's logs. */
export function disposeLogs(logs: LogValues): void {
  for (const value of Object.values(logs)) if (typeof value !== "number") value.dispose();
}

/** Writes values under their names, **asTensors** or as numbers. */
export function log(
  logs: LogValues,
  prefix: string,
  labels: readonly string[],
  values: readonly Value[],
  asTensors: boolean,
): void {
  for (const [i, label] of labels.entries()) {
    const value = values[i]!;
    logs[prefix + label] = asTensors ? keep(asScalar(value)) : asNumber(value);
  }
}

/** A value as a tensor. */
export const asScalar = (value: Value): Scalar =>
  typeof value === "number" ? scalar(value) : value;

const asNumber = (value: Value): number =>
  typeof value === "number" ? value : value.dataSync()[0]!;

/** Whether logs have to be tensors: where reading them is not at hand, or a callback is of somebody's own class. */
export function logsAreTensors(model: Compiled, callbacks: readonly object[]): boolean {
  return !(isChain(chainOf(model)) && callbacks.every(takesNumbers));
}

/** Whether a callback takes numbers in the place of tensors: those of tfjs-layers and of this package do. */
function takesNumbers(callback: object): boolean {
  const known = [CustomCallback, History, EpochCallback, ProgressCallback, EarlyStopping];
  return known.some((Class) => Object.getPrototypeOf(callback) === Class.prototype);
}

/** Tells the metrics of what **totals** has of an epoch, of **labels** the last. */
export function epochCallback(
  totals: MetricTotals,
  labels: readonly string[],
  shuffle?: Shuffle,
): Callback {
  return new EpochCallback(shuffle, totals, labels);
}

class EpochCallback extends Callback {
  readonly #shuffle: Shuffle | undefined;
  readonly #totals: MetricTotals;
  readonly #labels: readonly string[];

  constructor(shuffle: Shuffle | undefined, totals: MetricTotals, labels: readonly string[]) {
    super();
    this.#shuffle = shuffle;
    this.#totals = totals;
    this.#labels = labels;
  }

  override async onEpochBegin(): Promise<void> {
    this.#shuffle?.next();
    this.#totals.dispose();
  }

  /** The metrics of all that was kept in the epoch, for tfjs-layers' mean over batches. */
  override async onEpochEnd(_epoch: number, logs: object = {}): Promise<void> {
    const means = this.#totals.means();
    const labels = this.#labels.slice(this.#labels.length - means.length);
    for (const [i, mean] of means.entries()) {
      if (!mean) continue;
      const known = logs as LogValues;
      const before = known[labels[i]!];
      if (typeof before === "object") before.dispose();
      known[labels[i]!] = keep(mean);
    }
  }
}
