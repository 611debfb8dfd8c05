// The epochs of `fit` and the batches of `evaluate`, as Keras goes through them.

import {
  add,
  div,
  keep,
  mul,
  range,
  type Scalar,
  slice,
  type Tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { Callback, type Logs } from "@tensorflow/tfjs-layers";
import { type Compiled, testedBatch, trainedBatch } from "./batch-steps.ts";
import { type MetricTotals, metricTotals } from "./metric-totals.ts";
import { type Shuffle, shuffleOf } from "./shuffle.ts";

type Data = (Tensor | null)[];

/** What an epoch needs, of `fit`. */
export interface Epochs {
  /** Takes the place of the data: where in the epoch's order the examples of a batch are. */
  ins: Tensor[];
  /** One step. */
  step(data: Data): Scalar[];
  /** Goes before all others. */
  callback: Callback;
  dispose(): void;
}

/** The epochs of a model over **data**, in a new order each where **isShuffled**. */
export function epochsOf(
  model: Compiled,
  data: Data,
  isShuffled: boolean,
  labels: readonly string[],
): Epochs {
  const count = data[0]!.shape[0]!;
  const shuffle = isShuffled ? shuffleOf(model, count) : undefined;
  const totals = metricTotals();
  const ins = shuffle ? [range(0, count, 1, "int32")] : (data as Tensor[]);
  return {
    ins,
    step(given) {
      const batch = shuffle ? shuffle.batch(data, given[0]!) : given;
      const { losses, metrics, parts } = trainedBatch(model, batch);
      totals.add(parts);
      return [...losses, ...metrics];
    },
    callback: epochCallback(totals, labels, shuffle),
    dispose() {
      shuffle?.dispose();
      totals.dispose();
      if (shuffle) ins[0]!.dispose();
    },
  };
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
  override async onEpochEnd(_epoch: number, logs: Logs = {}): Promise<void> {
    const means = this.#totals.means();
    const labels = this.#labels.slice(this.#labels.length - means.length);
    for (const [i, mean] of means.entries()) {
      if (!mean) continue;
      const known = logs as Record<string, number | Tensor>;
      const before = known[labels[i]!];
      if (typeof before === "object") before.dispose();
      known[labels[i]!] = keep(mean);
    }
  }
}

/** Loss and metrics over **data**, batch by batch: losses weighted by the batches' sizes. */
export function testedData(model: Compiled, data: Data, batchSize: number): Scalar[] {
  const count = data[0]!.shape[0]!;
  const totals = metricTotals();
  let sums: Tensor[] = [];
  try {
    for (let from = 0; from < count; from += batchSize) {
      const size = Math.min(batchSize, count - from);
      const before = sums;
      sums = tidy(() => {
        const batch = data.map((each) => each && rows(each, from, size));
        const { losses, metrics, parts } = testedBatch(model, batch);
        totals.add(parts);
        return [...losses, ...metrics].map((value, i) => add(before[i] ?? 0, mul(value, size)));
      });
      for (const sum of before) sum.dispose();
    }
    return tidy(() => {
      const means = totals.means();
      const values = sums.map((sum, i) => {
        const exact = means[i - (sums.length - means.length)];
        return exact ?? div(sum, count);
      });
      return values as Scalar[];
    });
  } finally {
    for (const sum of sums) sum.dispose();
    totals.dispose();
  }
}

/** Examples **from** on. */
export function rows(x: Tensor, from: number, size: number): Tensor {
  return slice(x, [from, ...x.shape.slice(1).map(() => 0)], [size, ...x.shape.slice(1)]);
}
