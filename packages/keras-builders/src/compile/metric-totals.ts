import { add, keep, type Scalar, tidy } from "@tensorflow/tfjs-core";
import { type MeanParts, quotient } from "./weighted-mean.ts";

/** Metrics under masks over many batches: tfjs-layers averages batches, Keras what they keep. */
export interface MetricTotals {
  add(parts: readonly (MeanParts | undefined)[]): void;
  /** Σ totals / Σ counts of each metric; undefined for one that no mask reached. */
  means(): (Scalar | undefined)[];
  dispose(): void;
}

export function metricTotals(): MetricTotals {
  let sums: (MeanParts | undefined)[] = [];
  const dispose = (): void => {
    for (const sum of sums) {
      sum?.total.dispose();
      sum?.count.dispose();
    }
    sums = [];
  };
  const sum = (a: Scalar | undefined, b: Scalar): Scalar => keep(tidy(() => add(a ?? 0, b)));
  return {
    add(parts) {
      const next = parts.map(
        (part, i) =>
          part && {
            total: sum(sums[i]?.total, part.total),
            count: sum(sums[i]?.count, part.count),
          },
      );
      dispose();
      sums = next;
    },
    means: () => sums.map((each) => each && tidy(() => quotient(each.total, each.count))),
    dispose,
  };
}
