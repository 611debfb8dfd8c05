// The batches of `evaluate`, and of the validation in `fit`.

import { add, div, mul, slice, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { testedBatch } from "./batch-steps.ts";
import type { Compiled, Value } from "./compiled-model.ts";
import { metricTotals } from "./metric-totals.ts";

/** Loss and metrics over **data**, batch by batch: losses weighted by the batches' sizes. */
export function testedData(model: Compiled, data: (Tensor | null)[], batchSize: number): Value[] {
  const count = data[0]!.shape[0]!;
  const totals = metricTotals();
  let sums: Value[] = [];
  const dispose = (values: readonly Value[]): void => {
    for (const value of values) if (typeof value !== "number") value.dispose();
  };
  try {
    for (let from = 0; from < count; from += batchSize) {
      const size = Math.min(batchSize, count - from);
      const before = sums;
      sums = tidy(() => {
        const batch = data.map((each) => each && rows(each, from, size));
        const { losses, metrics, parts } = testedBatch(model, batch);
        totals.add(parts);
        return [...losses, ...metrics].map((value, i) => {
          const sum = before[i] ?? 0;
          const isNumber = typeof value === "number" && typeof sum === "number";
          return isNumber ? sum + value * size : add(sum, mul(value, size));
        }) as never;
      });
      dispose(before);
    }
    return tidy(() => {
      const means = totals.means();
      return sums.map((sum, i) => {
        const exact = means[i - (sums.length - means.length)];
        return exact ?? (typeof sum === "number" ? sum / count : div(sum, count));
      }) as never;
    });
  } finally {
    dispose(sums);
    totals.dispose();
  }
}

/** Examples **from** on. */
export function rows(x: Tensor, from: number, size: number): Tensor {
  return slice(x, [from, ...x.shape.slice(1).map(() => 0)], [size, ...x.shape.slice(1)]);
}
