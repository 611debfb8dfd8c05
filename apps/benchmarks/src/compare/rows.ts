// What the table in the terminal and the report say of a comparison, one row a variant.

import { median, quantile } from "../statistics.ts";
import { jobsAsked, variantKey } from "./plan.ts";
import type { Comparison, Heat, Lane, StepTimes, TrainedRun, Variant } from "./schema.ts";

/** One variant over all seeds. */
export interface VariantRow {
  key: string;
  variant: Variant;
  lane: Lane | null;
  /** Beside the first lane that was measured of its heat; null of what was not timed. */
  ratio: { train: Ratio; predict: Ratio } | null;
  quality: SeedQuality | null;
  /** Why there is no time or no quality; null where there are both. */
  reason: string | null;
}

/** Time / time of the first, of each round: median and quartiles. */
export interface Ratio {
  median: number;
  low: number;
  high: number;
}

/** The measure of the test part over seeds. */
export interface SeedQuality {
  mean: number;
  /** Standard deviation of the sample; null of one seed. */
  deviation: number | null;
  seeds: number;
}

/** The rows of what a comparison was asked for, in the order of its axes. */
export function rowsOf(comparison: Comparison): VariantRow[] {
  return jobsAsked(comparison)
    .filter((job) => job.kind === "heat")
    .flatMap(({ key, variants }) => {
      const heat = comparison.heats.find((heat) => heat.key === key);
      return variants.map((variant) => rowOf(variant, heat, comparison.runs));
    });
}

function rowOf(variant: Variant, heat: Heat | undefined, runs: readonly TrainedRun[]): VariantRow {
  const key = variantKey(variant);
  const lane = heat?.lanes.find((lane) => lane.key === key) ?? null;
  const first = heat?.lanes.find(({ outcome }) => outcome === "measured");
  const own = runs.filter((run) => variantKey(run) === key);
  const failed = [lane, ...own].find((one) => one && one.outcome !== "measured");
  return {
    ...{ key, variant, lane },
    ratio:
      lane?.train && lane.predict && first?.train && first.predict
        ? {
            train: ratioOf(lane.train, first.train),
            predict: ratioOf(lane.predict, first.predict),
          }
        : null,
    quality: qualityOf(own),
    reason: failed ? `${failed.outcome}: ${failed.reason}` : null,
  };
}

/** Round by round, for the rounds of a heat were measured one after the other. */
export function ratioOf(times: StepTimes, first: StepTimes): Ratio {
  const ratios = times.samplesMs.map((ms, i) => ms / (first.samplesMs[i] as number));
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

/** Mean and deviation over the runs that have a quality; null of none. */
export function qualityOf(runs: readonly Pick<TrainedRun, "quality">[]): SeedQuality | null {
  const values = runs.flatMap(({ quality }) => quality?.test ?? []);
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
  return { mean, deviation, seeds: values.length };
}
