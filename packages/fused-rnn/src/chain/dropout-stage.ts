// What drops out between two stages.

import { type Flow, sizeOf } from "./flow.ts";
import type { Stage } from "./stage.ts";
import { keeping } from "./stage-memory.ts";

/** What decides a dropout mask: **state** and **key** are any 32 bits. */
export interface DropoutDraw {
  /** The part of the numbers that becomes 0, from 0 to 1. */
  rate: number;
  state: number;
  key: number;
}

/** The bits below which a number drops out, all of them at rate 1, and what the others are multiplied by. */
function threshold(rate: number): [first: number, kept: number] {
  return rate < 1 ? [Math.floor(rate * 2 ** 32), 1 / (1 - rate)] : [0, 0];
}

/**
 * **size** factors of a mask: 0 with probability **rate**, else 1 / (1 - rate). The same numbers for the same draw
 * everywhere.
 *
 * @example
 * dropoutFactors({ rate: 0.5, state: 1, key: 2 }, 4); // four numbers, each 0 or 2
 */
export function dropoutFactors({ rate, state, key }: DropoutDraw, size: number): Float32Array {
  const [first, kept] = threshold(rate);
  const factors = new Float32Array(size);
  let s = state | 0;
  for (let i = 0; i < size; i++) {
    s = (s + 0x9e3779b9) | 0;
    let z = Math.imul(s ^ (s >>> 16), 0x21f0aaad) ^ key;
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    z ^= z >>> 15;
    // A product in place of a branch, which would be mistaken for one number in every few.
    factors[i] = kept * +(z >>> 0 >= first);
  }
  return factors;
}

/**
 * Multiplies by a mask of its own in every training pass, and passes all else on; without a draw, that too.
 *
 * @example
 * dropoutStage(() => ({ rate: 0.2, state: random.uint32(), key: random.uint32() }));
 */
export function dropoutStage(draw: () => DropoutDraw | undefined): Stage {
  return {
    weights: () => [],
    run(x, { instance, training }) {
      const drawn = training ? draw() : undefined;
      if (!drawn) return { output: x, backward: (dy) => dy, release() {} };
      const { heap, kernels } = instance;
      const n = sizeOf(x.shape);
      return keeping(heap, (memory) => {
        const mask = memory.reserve(n);
        const scaled = (from: Flow): Flow => {
          const given = memory.addressOf(from);
          const to = memory.make(x.shape, { mask: x.mask });
          if (drawn.rate < 1) kernels.multiplyAll(given, mask, n, to.address as number);
          // Of infinite numbers too.
          else to.read().fill(0);
          return to;
        };
        const [first, kept] = threshold(drawn.rate);
        kernels.fillFactors(drawn.state, drawn.key, first, kept, n, mask);
        return { output: scaled(x), backward: scaled };
      });
    },
  };
}
