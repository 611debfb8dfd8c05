// Where randomness comes from that no seed option fixes: weights, dropout and the order of the examples.

import { type Random, seededRandom, shown } from "@rnnkit/core-rnn";

let source: Random | undefined;

/**
 * Makes all that is random afterwards repeat, in this package's layers, optimizers' models and `fit`: the
 * same program with the same seed gives the same numbers to the last bit, on one backend, whatever the
 * number of threads. Weights and dropout of layers made from now on, without a `seed` of their own, and the
 * order in which `fit` takes the examples of a model with a layer of this package. It is Keras's
 * `keras.utils.set_random_seed`; the numbers are others than Keras's.
 *
 * Not covered: layers of `tf.layers` themselves (their like in `layers` are), tf.data's shuffling, which has
 * a seed of its own, and what a program draws by `Math.random`.
 *
 * Reference: https://keras.io/api/utils/python_utils/#set_random_seed-function
 *
 * @throws if **seed** is not a whole number from 0 to below 2³².
 * @example
 * setRandomSeed(42);
 * await buildLstmForecaster(20, 1, 1).fit(x, y); // the same losses in every run
 */
export function setRandomSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new Error(
      `setRandomSeed: expected seed to be a whole number from 0 to below 2^32, got ${shown(seed)}`,
    );
  }
  source = seededRandom(seed);
}

/** A seed for one thing that is random: the next after {@link setRandomSeed}, else any. Not 0, which is none to tfjs. */
export function drawnSeed(): number {
  return 1 + Math.floor((source ? source.uniform() : Math.random()) * (2 ** 31 - 1));
}

/**
 * An initializer without a seed with a drawn one, for the time that it is at work: what files say of it stays.
 *
 * @internal
 */
export function withDrawnSeed<Initializer extends { apply: unknown }>(
  initializer: Initializer,
): Initializer {
  const seeded = initializer as { seed?: number | null; apply(...args: unknown[]): unknown };
  if (!source || seeded.seed != null || !("seed" in seeded)) return initializer;
  const apply = (...args: unknown[]): unknown => {
    const { seed } = seeded;
    seeded.seed = drawnSeed();
    try {
      return seeded.apply(...args);
    } finally {
      seeded.seed = seed as number;
    }
  };
  return { apply } as unknown as Initializer;
}
