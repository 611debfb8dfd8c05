import { seededRandom } from "@rnnkit/core-rnn";
import { generateTimeSeries } from "@rnnkit/preprocess";
import type { Series } from "../forecasting/one-series.ts";

const POINTS = 1000;

/** The short listing's "stock prices", `np.random.rand(1000)`. */
export function randomNumbers(seed: number): Series {
  const random = seededRandom(seed);
  return synthetic(
    "random",
    "1,000 random numbers",
    `generated: uniform from 0 to 1, seed ${seed}`,
    Float64Array.from({ length: POINTS }, () => random.uniform()),
  );
}

/** The full listing's series: `np.sin(np.linspace(0, 2 * np.pi, 1000))` with normal noise of 0.1. */
export function noisyTurn(seed: number): Series {
  // Both ends are points, so that the turn has one step less than the series points.
  const period = POINTS - 1;
  const { data } = generateTimeSeries({ length: POINTS, period, noise: 0.1, seed });
  return synthetic(
    "turn",
    "One turn of the sine with noise",
    `generated: 0 to 2π, amplitude 1, normal noise of 0.1, seed ${seed}`,
    Float64Array.from(data),
  );
}

function synthetic(name: string, title: string, source: string, values: Float64Array): Series {
  return {
    name,
    title,
    source,
    synthetic: true,
    values,
    gapsFilled: 0,
    notes: [],
    valueLabel: "value",
    at: Array.from(values, (_, t) => t),
    axis: { label: "time step", kind: "number" },
  };
}
