// A module of its own that runs inside the memory of tfjs's wasm backend, on its tensors: rows by
// index, the optimizers' updates, single steps. It holds no data of its own, which would land in tfjs's.
import { LEAST_MEAN, flushed, leastSquared } from "./flush";

export { gruStep, lstmStep, simpleRnnStep } from "./one-step";

/** The place of the first index outside [0, rows); n where there is none. */
export function firstStray(ids: usize, n: i32, rows: i32): i32 {
  for (let i = 0; i < n; i++) if (load<u32>(ids + (i << 2)) >= <u32>rows) return i;
  return n;
}

/** out[i] = table[ids[i]], rows of `width` 32-bit numbers; every index is one of a row. */
export function gatherRows(table: usize, width: i32, ids: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const row = table + ((<usize>load<u32>(ids + (i << 2)) * width) << 2);
    let j = 0;
    for (; j + 4 <= width; j += 4) v128.store(out + (j << 2), v128.load(row + (j << 2)));
    for (; j < width; j++) store<u32>(out + (j << 2), load<u32>(row + (j << 2)));
    out += width << 2;
  }
}

/** out[ids[i]] += x[i], in the order of i; indices outside [0, segments) go nowhere. */
export function addRows(x: usize, width: i32, ids: usize, n: i32, out: usize, segments: i32): void {
  memory.fill(out, 0, (<usize>segments * width) << 2);
  for (let i = 0; i < n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < <u32>segments) {
      const row = out + ((<usize>id * width) << 2);
      let j = 0;
      for (; j + 4 <= width; j += 4) {
        v128.store(row + (j << 2), f32x4.add(v128.load(row + (j << 2)), v128.load(x + (j << 2))));
      }
      for (; j < width; j++) store<f32>(row + (j << 2), load<f32>(row + (j << 2)) + load<f32>(x + (j << 2)));
    }
    x += width << 2;
  }
}

// @ts-ignore: decorator
@inline function get(p: usize, left: i32): v128 {
  return left >= 4 ? v128.load(p) : getTail(p, left);
}
function getTail(p: usize, left: i32): v128 {
  let v = v128.load32_zero(p);
  if (left > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (left > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}
// @ts-ignore
@inline function put(p: usize, v: v128, left: i32): void {
  if (left >= 4) v128.store(p, v);
  else putTail(p, v, left);
}
function putTail(p: usize, v: v128, left: i32): void {
  v128.store32_lane(p, v, 0);
  if (left > 1) v128.store32_lane(p, v, 1, 4);
  if (left > 2) v128.store32_lane(p, v, 2, 8);
}

/**
 * v' = ρ v + (1 - ρ) g²   a' = ρ a + (1 - ρ) g   s' = μ s + η g / √(v' - a'² + ε)   w' = w - s'
 *
 * s and s', a and a' may be 0: none.
 */
export function rmsprop(
  n: i32, w: usize, g: usize, v: usize, s: usize, a: usize,
  newW: usize, newV: usize, newS: usize, newA: usize,
  learningRate: f32, rho: f32, rest: f32, momentum: f32, epsilon: f32,
): void {
  const lr = f32x4.splat(learningRate), decay = f32x4.splat(rho), share = f32x4.splat(rest);
  const mu = f32x4.splat(momentum), eps = f32x4.splat(epsilon), zero = f32x4.splat(0);
  const least = f32x4.splat(LEAST_MEAN), leastGradient = f32x4.splat(leastSquared(rest));
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    const left = n - <i32>(i >> 2), gradient = flushed(get(g + i, left), leastGradient);
    const square = f32x4.add(f32x4.mul(decay, flushed(get(v + i, left), least)), f32x4.mul(share, f32x4.mul(gradient, gradient)));
    let spread = square;
    if (a) {
      const mean = f32x4.add(f32x4.mul(decay, flushed(get(a + i, left), least)), f32x4.mul(share, gradient));
      spread = f32x4.sub(square, f32x4.mul(mean, mean));
      put(newA + i, mean, left);
    }
    // No gradient is no step, even where v and ε are 0.
    let step = v128.andnot(
      f32x4.div(f32x4.mul(lr, gradient), f32x4.sqrt(f32x4.add(spread, eps))),
      f32x4.eq(gradient, zero),
    );
    if (s) {
      step = f32x4.add(f32x4.mul(mu, flushed(get(s + i, left), least)), step);
      put(newS + i, step, left);
    }
    put(newV + i, square, left);
    put(newW + i, f32x4.sub(get(w + i, left), step), left);
  }
}

/**
 * m' = m + (1 - β₁)(g - m)   v' = v + (1 - β₂)(g² - v)   v̂' = max(v̂, v')   w' = w - stepSize m' / (√v̂' + ε)
 *
 * v̂ and v̂' may be 0: v' takes their place.
 */
export function adam(
  n: i32, w: usize, g: usize, m: usize, v: usize, hat: usize,
  newW: usize, newM: usize, newV: usize, newHat: usize,
  stepSize: f32, rest1: f32, rest2: f32, epsilon: f32,
): void {
  const size = f32x4.splat(stepSize), eps = f32x4.splat(epsilon);
  const share1 = f32x4.splat(rest1), share2 = f32x4.splat(rest2);
  const least = f32x4.splat(LEAST_MEAN), leastGradient = f32x4.splat(leastSquared(rest2));
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    const left = n - <i32>(i >> 2), gradient = flushed(get(g + i, left), leastGradient);
    const m0 = flushed(get(m + i, left), least), v0 = flushed(get(v + i, left), least);
    const first = f32x4.add(m0, f32x4.mul(share1, f32x4.sub(gradient, m0)));
    const second = f32x4.add(v0, f32x4.mul(share2, f32x4.sub(f32x4.mul(gradient, gradient), v0)));
    put(newM + i, first, left);
    put(newV + i, second, left);
    let largest = second;
    if (hat) {
      largest = f32x4.max(flushed(get(hat + i, left), least), second);
      put(newHat + i, largest, left);
    }
    // No moment is no step, even where v and ε are 0.
    const step = v128.andnot(
      f32x4.div(f32x4.mul(size, first), f32x4.add(f32x4.sqrt(largest), eps)),
      f32x4.eq(first, zero),
    );
    put(newW + i, f32x4.sub(get(w + i, left), step), left);
  }
}
