import { rootMeanSquare } from "@rnnkit/benchmarks/statistics";
import type { Errors } from "./messages.ts";

/**
 * How far **predicted** is from **actual**, in their unit; MASE by the mean change from one value of **known** to the
 * next, null where it never changes.
 *
 *     mase = mean |actual − predicted| / mean |known[t] − known[t−1]|
 */
export function errorsOf(
  actual: readonly number[],
  predicted: readonly number[],
  known: ArrayLike<number>,
): Errors {
  const mae = mean(actual.map((value, i) => Math.abs(value - (predicted[i] as number))));
  const changes = Array.from({ length: known.length - 1 }, (_, i) =>
    Math.abs((known[i + 1] as number) - (known[i] as number)),
  );
  const usual = mean(changes);
  return { rmse: rootMeanSquare(actual, predicted), mae, mase: usual > 0 ? mae / usual : null };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
