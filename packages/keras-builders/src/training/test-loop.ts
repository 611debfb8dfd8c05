// The batches of `evaluate`, and of the validation in `fit`.

import { add, div, keep, mul, slice, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Compiled, Value } from "../compile/compiled-model.ts";
import { metricTotals } from "../compile/metric-totals.ts";
import { testedBatch } from "./batch-steps.ts";

/** Loss and metrics over batches: losses weighted by the batches' sizes, metrics under masks by what they keep. */
export interface Tally {
  /** Evaluates a batch of **size** examples. */
  add(batch: (Tensor | null)[], size: number): void;
  /** The means over all batches. */
  values(): Value[];
  dispose(): void;
}

export function tallyOf(model: Compiled): Tally {
  const totals = metricTotals();
  let sums: Value[] = [];
  let count = 0;
  const dispose = (values: readonly Value[]): void => {
    for (const value of values) if (typeof value !== "number") value.dispose();
  };
  return {
    add(batch, size) {
      const before = sums;
      sums = tidy(() => {
        const { losses, metrics, parts } = testedBatch(model, batch);
        totals.add(parts);
        return [...losses, ...metrics].map((value, i) => {
          const sum = before[i] ?? 0;
          const isNumber = typeof value === "number" && typeof sum === "number";
          return isNumber ? sum + value * size : keep(add(sum, mul(value, size)));
        }) as never;
      });
      count += size;
      dispose(before);
    },
    values: () =>
      tidy(() => {
        const means = totals.means();
        return sums.map((sum, i) => {
          const exact = means[i - (sums.length - means.length)];
          return exact ?? (typeof sum === "number" ? sum / count : div(sum, count));
        }) as never;
      }),
    dispose() {
      dispose(sums);
      totals.dispose();
    },
  };
}

/** Loss and metrics over **data**, batch by batch. */
export function testedData(model: Compiled, data: (Tensor | null)[], batchSize: number): Value[] {
  const count = data[0]!.shape[0]!;
  const tally = tallyOf(model);
  try {
    for (let from = 0; from < count; from += batchSize) {
      const size = Math.min(batchSize, count - from);
      tidy(() =>
        tally.add(
          data.map((each) => each && rows(each, from, size)),
          size,
        ),
      );
    }
    return tally.values();
  } finally {
    tally.dispose();
  }
}

/** Examples **from** on. */
export function rows(x: Tensor, from: number, size: number): Tensor {
  return slice(x, [from, ...x.shape.slice(1).map(() => 0)], [size, ...x.shape.slice(1)]);
}
