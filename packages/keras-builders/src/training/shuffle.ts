// In which order `fit` takes the examples.

import { type Random, seededRandom } from "@rnnkit/core-rnn";
import { stepOps, takeRows } from "@rnnkit/fused-rnn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { drawnSeed } from "../random-seed.ts";
import { rows } from "./test-loop.ts";

const sources = new WeakMap<object, Random>();

/** Makes the order of the examples in **model**'s `fit` repeatable, from its next epoch on. */
export function seedShuffle(model: object, seed: number): void {
  const random = seededRandom(seed);
  const { model: inner } = model as { model?: object };
  for (const each of [model, ...(inner ? [inner] : [])]) sources.set(each, random);
}

/** An order of n examples that changes from epoch to epoch. */
export interface Shuffle {
  /** Chooses the next epoch's order. */
  next(): void;
  /** **size** examples, those from **from** on in the order. */
  batch(data: readonly (Tensor | null)[], from: number, size: number): (Tensor | null)[];
}

/** Examples **from** on, in their order. */
export function inOrder(
  data: readonly (Tensor | null)[],
  from: number,
  size: number,
): (Tensor | null)[] {
  if (!stepOps()) return data.map((each) => each && rows(each, from, size));
  return takenRows(
    data,
    Int32Array.from({ length: size }, (_, i) => from + i),
  );
}

/** The same rows of all that there are. */
function takenRows(data: readonly (Tensor | null)[], rows: Int32Array): (Tensor | null)[] {
  const present = data.filter((each) => each !== null);
  const taken = stepOps()?.rows(present, rows) ?? present.map((each) => takeRows(each, rows));
  let next = 0;
  return data.map((each) => each && taken[next++]!);
}

/** Every order is as likely as another (Fisher and Yates). */
export function shuffleOf(model: object, count: number): Shuffle {
  const random = sources.get(model) ?? seededRandom(drawnSeed());
  const order = Int32Array.from({ length: count }, (_, i) => i);
  return {
    next() {
      for (let i = count - 1; i > 0; i--) {
        const j = Math.floor(random.uniform() * (i + 1));
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
    },
    batch(data, from, size) {
      const examples = order.subarray(from, from + size);
      return takenRows(data, examples);
    },
  };
}
