// Rows of floats, four at a time, and what is left at their end: loads and stores that touch no float beyond it.

// @ts-ignore: decorator
@inline
export function splat(p: usize): v128 {
  return v128.load_splat<f32>(p);
}

/** a·b + c; with relaxed SIMD it may be rounded once. */
// @ts-ignore: decorator
@inline
export function mad(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** min(4, n) floats, zeros behind. */
// @ts-ignore: decorator
@inline
export function loadTail(from: usize, n: i32): v128 {
  return n >= 4 ? v128.load(from) : loadFew(from, n);
}
function loadFew(from: usize, n: i32): v128 {
  // No load reaches beyond the row: behind it the buffer may end, and with it the memory.
  let v = v128.load32_zero(from);
  if (n > 1) v = f32x4.replace_lane(v, 1, load<f32>(from, 4));
  if (n > 2) v = f32x4.replace_lane(v, 2, load<f32>(from, 8));
  return v;
}

/** The first min(4, n) floats. */
// @ts-ignore: decorator
@inline
export function storeTail(to: usize, v: v128, n: i32): void {
  if (n >= 4) v128.store(to, v);
  else storeFew(to, v, n);
}
function storeFew(to: usize, v: v128, n: i32): void {
  // Behind the row lies another's, which a thread of its own may be writing to.
  v128.store32_lane(to, v, 0);
  if (n > 1) v128.store32_lane(to, v, 1, 4);
  if (n > 2) v128.store32_lane(to, v, 2, 8);
}

/** n floats, times as many factors where there are some. */
// @ts-ignore: decorator
@inline
export function copyRow(to: usize, from: usize, n: i32, factor: usize): void {
  // The last floats one by one: rows of [B, T, I] lie close, and the next one's are not these.
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    let v = v128.load(from + (i << 2));
    if (factor) v = f32x4.mul(v, v128.load(factor + (i << 2)));
    v128.store(to + (i << 2), v);
  }
  for (; i < n; i++) {
    let v = load<f32>(from + (i << 2));
    if (factor) v *= load<f32>(factor + (i << 2));
    store<f32>(to + (i << 2), v);
  }
}

/** Adds n floats to those at `to`. */
export function add(to: usize, term: usize, n: i32): void {
  const bytes = (<usize>n) << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(term + i)));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(term + i));
}

/** Multiplies n floats at `to` by as many factors. */
export function scale(to: usize, factor: usize, n: i32): void {
  copyRow(to, to, n, factor);
}
