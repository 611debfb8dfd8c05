// numpy's RandomState as Keras's dataset loaders use it: MT19937 (Matsumoto & Nishimura 1998) with
// the legacy seeding, and the legacy shuffle. Only what a shuffle needs.

const N = 624;
const M = 397;

/** Draws the 32-bit words of `numpy.random.RandomState(seed)`; **seed** in 0..2³²-1. */
export class RandomState {
  readonly #key = new Uint32Array(N);
  #position = N;

  constructor(seed: number) {
    //   keyₚ₊₁ = 1812433253·(keyₚ ⊕ keyₚ≫30) + p + 1  mod 2³²
    let word = seed >>> 0;
    for (let p = 0; p < N; p++) {
      this.#key[p] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + p + 1) >>> 0;
    }
  }

  /** The next word, uniform in 0..2³²-1. */
  uint32(): number {
    if (this.#position === N) this.#regenerate();
    let y = this.#key[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** Uniform in 0..**max** by masked rejection; draws nothing when max is 0. */
  interval(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    let value = (this.uint32() & mask) >>> 0;
    while (value > max) value = (this.uint32() & mask) >>> 0;
    return value;
  }

  /** Where `shuffle(arange(n))` takes each element from: Fisher and Yates, downwards. */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.interval(i);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }

  #regenerate(): void {
    const key = this.#key;
    for (let k = 0; k < N; k++) {
      const y = (key[k]! & 0x80000000) | (key[(k + 1) % N]! & 0x7fffffff);
      key[k] = key[(k + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }
}
