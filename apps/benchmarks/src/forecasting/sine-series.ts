import { generateTimeSeries } from "@rnnkit/preprocess";
import type { Series } from "./one-series.ts";

/** The tutorial's series: no forecast of it can be better than its noise, 0.1. */
export function sineSeries(seed: number): Series {
  const noise = 0.1;
  const { data } = generateTimeSeries({ length: 500, period: 50, noise, seed });
  return {
    name: "sine",
    title: "Sine with noise",
    source: `generated: period 50, amplitude 1, Gaussian noise of ${noise}, seed ${seed}`,
    synthetic: true,
    values: Float64Array.from(data),
    gapsFilled: 0,
    notes: [],
    valueLabel: "value",
    at: Array.from(data, (_, t) => t),
    axis: { label: "time step", kind: "number" },
  };
}
