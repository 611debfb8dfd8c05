// How fast this core multiplies matrices in 128-bit vectors when nothing is in its way: two rows of 64
// numbers times 16 columns, all of it in the first-level cache, in eight accumulators. More of those,
// or an unrolled k, makes V8 spill registers.

const K: i32 = 64;
const A: usize = memory.data(2 * 64 * 4, 64);
const W: usize = memory.data(64 * 16 * 4, 64);
const OUT: usize = memory.data(2 * 16 * 4, 64);

// @ts-ignore: decorator
@inline function mad(a: v128, b: v128, c: v128): v128 {
  // @ts-ignore: present with the relaxed-simd feature
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** `count` products [2, 64] · [64, 16], added up: 4,096 floating-point operations each. */
export function peak(count: i32): void {
  for (let i = 0; i < count; i++) tile(A, A + K * 4, W);
}

function tile(a0: usize, a1: usize, w: usize): void {
  let c00 = v128.load(OUT), c01 = v128.load(OUT, 16), c02 = v128.load(OUT, 32), c03 = v128.load(OUT, 48);
  let c10 = v128.load(OUT, 64), c11 = v128.load(OUT, 80), c12 = v128.load(OUT, 96), c13 = v128.load(OUT, 112);
  for (let k = K; k > 0; k--) {
    const s0 = v128.load_splat<f32>(a0), s1 = v128.load_splat<f32>(a1);
    const w0 = v128.load(w), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
    c00 = mad(s0, w0, c00); c10 = mad(s1, w0, c10);
    c01 = mad(s0, w1, c01); c11 = mad(s1, w1, c11);
    c02 = mad(s0, w2, c02); c12 = mad(s1, w2, c12);
    c03 = mad(s0, w3, c03); c13 = mad(s1, w3, c13);
    a0 += 4; a1 += 4; w += 64;
  }
  v128.store(OUT, c00); v128.store(OUT, c01, 16); v128.store(OUT, c02, 32); v128.store(OUT, c03, 48);
  v128.store(OUT, c10, 64); v128.store(OUT, c11, 80); v128.store(OUT, c12, 96); v128.store(OUT, c13, 112);
}

/** Addresses of A [2, 64], W [64, 16] and the sums [2, 16], row-major, for whoever fills and checks them. */
export function addressOfA(): usize { return A; }
export function addressOfW(): usize { return W; }
export function addressOfSums(): usize { return OUT; }
