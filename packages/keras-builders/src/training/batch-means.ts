// tfjs-layers' own logger, which averages an epoch's losses and metrics over the batches, with the sums of all of them
// as one operation a batch.

import type { StepOps } from "@rnnkit/fused-rnn";
import { keep, mul, type Scalar, type Tensor, tidy, unstack } from "@tensorflow/tfjs-core";
import { Callback } from "@tensorflow/tfjs-layers";
import type { LogValues } from "./callback-list.ts";

/** Writes the means of **labels**, which come as tensors, into an epoch's logs. */
export class BatchMeans extends Callback {
  readonly #ops: StepOps;
  readonly #labels: readonly string[];
  #totals: Tensor | undefined;
  #seen = 0;

  constructor(ops: StepOps, labels: readonly string[]) {
    super();
    this.#ops = ops;
    this.#labels = labels;
  }

  dispose(): void {
    this.#totals?.dispose();
    this.#totals = undefined;
    this.#seen = 0;
  }

  override async onEpochBegin(): Promise<void> {
    this.dispose();
  }

  override async onBatchEnd(_batch: number, logs: object = {}): Promise<void> {
    const known = logs as LogValues;
    const size = known.size as number;
    const values = this.#labels.map((label) => known[label] as Scalar);
    this.#seen += size;
    this.#totals = keep(this.#ops.addTotals(this.#totals, values, size));
  }

  override async onEpochEnd(_epoch: number, logs: object = {}): Promise<void> {
    const totals = this.#totals;
    if (!totals) return;
    const means = tidy(() => unstack(mul(totals, 1 / this.#seen)));
    for (const [i, label] of this.#labels.entries())
      (logs as LogValues)[label] = means[i] as Scalar;
    this.dispose();
  }
}
