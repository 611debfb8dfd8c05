// What `compare` does where it is not told: the help says it and the options take it from here. Nothing that computes is
// imported, for the help needs none.

import type { BackendName } from "@rnnkit/backend-select";
import { type Implementation, implementationNames, type Settings } from "../compare/schema.ts";

interface Usual extends Pick<Settings, "epochs" | "learningRate" | "optimizer"> {
  seeds: readonly number[];
  implementations: readonly Implementation[];
  backends: readonly BackendName[];
}

const ofSeries: Usual = {
  ...{ epochs: 5, learningRate: 0.01, optimizer: "adam", seeds: [1, 2] },
  ...{ implementations: implementationNames, backends: ["wasm", "cpu"] },
};

const ofReviews: Usual = {
  ...{ epochs: 4, learningRate: 0.01, optimizer: "rmsprop", seeds: [1, 2] },
  ...{ implementations: ["fused"], backends: ["wasm"] },
};

/** By what is learnt. Sized so that series end in two minutes on two cores. */
export const usual: Readonly<Record<"series" | "reviews" | "imdb", Usual>> = {
  series: ofSeries,
  reviews: ofReviews,
  imdb: { ...ofReviews, epochs: 10, learningRate: 0.001 },
};

/** Values in a window of a series. */
export const TIMESTEPS = 22;

/** Training reviews, words of each, words that are kept. */
export const sizes = {
  reviews: { limit: 1000, maxlen: 80, vocab: 10_000 },
  imdb: { limit: 25_000, maxlen: 500, vocab: 10_000 },
} as const;
