// A seeded generator: xoshiro128** (Blackman & Vigna 2018), its state filled by splitmix32 so that
// neighbouring seeds have nothing in common. The same numbers on every machine; not for secrets.

import { shown } from "./options.ts";

/** A stream of random numbers; each call moves it on. */
export interface Random {
  /** Uniform integer in 0..2³²−1. */
  uint32(): number;
  /** Uniform in [0, 1), with all 53 bits. */
  uniform(): number;
  /** Normal with mean 0 and variance 1. */
  normal(): number;
}

/**
 * A generator that gives the same stream for the same seed.
 *
 * Reference: https://prng.di.unimi.it/
 *
 * @throws RangeError unless **seed** is an integer from 0 to 2⁵³−1.
 * @example
 * const random = seededRandom(7);
 * random.uniform() === seededRandom(7).uniform(); // => true
 */
export function seededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seededRandom: expected a seed from 0 to 2^53-1, got ${shown(seed)}`);
  }
  const fill = splitmix32((seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1));
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  let spare = Number.NaN;

  const uint32 = () => {
    const scrambled = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return scrambled;
  };

  const uniform = () => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) * 2 ** -53;

  // Marsaglia's polar method: two normals from a point in the unit disc.
  const normal = () => {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = Number.NaN;
      return kept;
    }
    let u: number;
    let v: number;
    let r2: number;
    do {
      u = 2 * uniform() - 1;
      v = 2 * uniform() - 1;
      r2 = u * u + v * v;
    } while (r2 >= 1 || r2 === 0);
    const scale = Math.sqrt((-2 * Math.log(r2)) / r2);
    spare = v * scale;
    return u * scale;
  };

  return { uint32, uniform, normal };
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
