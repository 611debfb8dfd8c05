// A module of its own that runs inside the memory of tfjs's wasm backend, on its tensors: rows by
// index and moved, the optimizers' updates, single steps. It holds no data of its own, which would land in tfjs's.
//
// tfjs's tensors end anywhere, and another may begin right behind: loops over them end by loadTail and storeTail.
import { LEAST_MEAN, flushed, leastSquared } from "./flush";
import { add, copyRow, loadTail, storeTail } from "./lanes";

export { gruAfterStep, lstmStep, simpleRnnStep } from "./single-step";

/** The place of the first index outside [0, rows); n where there is none. */
export function firstStray(ids: usize, n: i32, rows: i32): i32 {
  for (let i = 0; i < n; i++) if (load<u32>(ids + (i << 2)) >= <u32>rows) return i;
  return n;
}

/** out[i] = table[ids[i]], rows of `width` 32-bit numbers; every index is one of a row. */
export function gatherRows(table: usize, width: i32, ids: usize, n: i32, out: usize): void {
  for (let i = 0; i < n; i++) {
    const row = table + ((<usize>load<u32>(ids + (i << 2)) * width) << 2);
    copyRow(out, row, width, 0);
    out += width << 2;
  }
}

/** out[o][steps - 1 - s] = x[o][s], rows of `width` 32-bit numbers. */
export function reverseRows(x: usize, outer: i32, steps: i32, width: i32, out: usize): void {
  const bytes = (<usize>width) << 2;
  for (let o = 0; o < outer; o++) {
    let to = out + <usize>steps * bytes;
    for (let s = 0; s < steps; s++) {
      to -= bytes;
      if (width == 1) store<u32>(to, load<u32>(x));
      else copyRow(to, x, width, 0);
      x += bytes;
    }
    out += <usize>steps * bytes;
  }
}

/** n rows of `width` 32-bit numbers, `fromRow` and `toRow` of them apart. */
export function copyRows(from: usize, fromRow: i32, to: usize, toRow: i32, width: i32, n: i32): void {
  for (let i = 0; i < n; i++) {
    copyRow(to, from, width, 0);
    from += (<usize>fromRow) << 2;
    to += (<usize>toRow) << 2;
  }
}

/** out[ids[i]] += x[i], in the order of i; indices outside [0, segments) go nowhere. */
export function addRows(x: usize, width: i32, ids: usize, n: i32, out: usize, segments: i32): void {
  memory.fill(out, 0, (<usize>segments * width) << 2);
  for (let i = 0; i < n; i++) {
    const id = load<u32>(ids + (i << 2));
    if (id < <u32>segments) add(out + ((<usize>id * width) << 2), x, width);
    x += width << 2;
  }
}

/**
 * v' = ρ v + (1 - ρ) g²   a' = ρ a + (1 - ρ) g   s' = μ s + η g / √(v' - a'² + ε)   w' = w - s'
 *
 * s and s', a and a' may be 0: none.
 */
export function rmsprop(
  n: i32,
  w: usize,
  g: usize,
  v: usize,
  s: usize,
  a: usize,
  newW: usize,
  newV: usize,
  newS: usize,
  newA: usize,
  learningRate: f32,
  rho: f32,
  rest: f32,
  momentum: f32,
  epsilon: f32,
): void {
  const lr = f32x4.splat(learningRate);
  const decay = f32x4.splat(rho);
  const share = f32x4.splat(rest);
  const mu = f32x4.splat(momentum);
  const eps = f32x4.splat(epsilon);
  const zero = f32x4.splat(0);
  const least = f32x4.splat(LEAST_MEAN);
  const leastGradient = f32x4.splat(leastSquared(rest));
  for (let i: usize = 0; i < (<usize>n) << 2; i += 16) {
    const left = n - <i32>(i >> 2);
    const gradient = flushed(loadTail(g + i, left), leastGradient);
    const square = f32x4.add(
      f32x4.mul(decay, flushed(loadTail(v + i, left), least)),
      f32x4.mul(share, f32x4.mul(gradient, gradient)),
    );
    // Centered: the variance, E[g²] - E[g]², takes the place of E[g²].
    let spread = square;
    if (a) {
      const mean = f32x4.add(f32x4.mul(decay, flushed(loadTail(a + i, left), least)), f32x4.mul(share, gradient));
      spread = f32x4.sub(square, f32x4.mul(mean, mean));
      storeTail(newA + i, mean, left);
    }
    // No gradient is no step, even where v and ε are 0.
    let step = v128.andnot(
      f32x4.div(f32x4.mul(lr, gradient), f32x4.sqrt(f32x4.add(spread, eps))),
      f32x4.eq(gradient, zero),
    );
    if (s) {
      step = f32x4.add(f32x4.mul(mu, flushed(loadTail(s + i, left), least)), step);
      storeTail(newS + i, step, left);
    }
    storeTail(newV + i, square, left);
    storeTail(newW + i, f32x4.sub(loadTail(w + i, left), step), left);
  }
}

/**
 * m' = m + (1 - β₁)(g - m)   v' = v + (1 - β₂)(g² - v)   v̂' = max(v̂, v')   w' = w - stepSize m' / (√v̂' + ε)
 *
 * v̂ and v̂' may be 0: v' takes their place.
 */
export function adam(
  n: i32,
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  hat: usize,
  newW: usize,
  newM: usize,
  newV: usize,
  newHat: usize,
  stepSize: f32,
  rest1: f32,
  rest2: f32,
  epsilon: f32,
): void {
  const size = f32x4.splat(stepSize);
  const eps = f32x4.splat(epsilon);
  const share1 = f32x4.splat(rest1);
  const share2 = f32x4.splat(rest2);
  const least = f32x4.splat(LEAST_MEAN);
  const leastGradient = f32x4.splat(leastSquared(rest2));
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < (<usize>n) << 2; i += 16) {
    const left = n - <i32>(i >> 2);
    const gradient = flushed(loadTail(g + i, left), leastGradient);
    // m + (1 - β)(g - m) is β·m + (1 - β)·g with one product less.
    const m0 = flushed(loadTail(m + i, left), least);
    const v0 = flushed(loadTail(v + i, left), least);
    const first = f32x4.add(m0, f32x4.mul(share1, f32x4.sub(gradient, m0)));
    const second = f32x4.add(v0, f32x4.mul(share2, f32x4.sub(f32x4.mul(gradient, gradient), v0)));
    storeTail(newM + i, first, left);
    storeTail(newV + i, second, left);
    // AMSGrad keeps the largest second moment so far, so that steps only shrink.
    let largest = second;
    if (hat) {
      largest = f32x4.max(flushed(loadTail(hat + i, left), least), second);
      storeTail(newHat + i, largest, left);
    }
    // No moment is no step, even where v and ε are 0.
    const step = v128.andnot(
      f32x4.div(f32x4.mul(size, first), f32x4.add(f32x4.sqrt(largest), eps)),
      f32x4.eq(first, zero),
    );
    storeTail(newW + i, f32x4.sub(loadTail(w + i, left), step), left);
  }
}
