// The product of the row that an odd number leaves over, or of a batch of one: two panels at a time, since one
// panel's four sums would wait for themselves, or be worked out twice to fill a tile of two rows. The parameters are
// gemm.ts's; `next` is how far the second panel, whose sums lie behind the first's, is from it.
//
// Each sum is that of gemm.ts and gru-gemm.ts, product by product.
import { mad, splat } from "./lanes";

/** Two panels of four vectors. */
// biome-ignore format: a line for each panel
export function twoPanels(a: usize, w: usize, next: usize, K: i32, init: usize, out: usize): void {
  let c0 = v128.load(init), c1 = v128.load(init, 16), c2 = v128.load(init, 32), c3 = v128.load(init, 48);
  let d0 = v128.load(init, 64), d1 = v128.load(init, 80), d2 = v128.load(init, 96), d3 = v128.load(init, 112);
  let s: v128;
  for (const end = a + (<usize>K << 2); a != end;) {
    s = splat(a);
    c0 = mad(s, v128.load(w), c0); c1 = mad(s, v128.load(w, 16), c1);
    c2 = mad(s, v128.load(w, 32), c2); c3 = mad(s, v128.load(w, 48), c3);
    d0 = mad(s, v128.load(w + next), d0); d1 = mad(s, v128.load(w + next, 16), d1);
    d2 = mad(s, v128.load(w + next, 32), d2); d3 = mad(s, v128.load(w + next, 48), d3);
    a += 4; w += 64;
  }
  v128.store(out, c0); v128.store(out, c1, 16); v128.store(out, c2, 32); v128.store(out, c3, 48);
  v128.store(out, d0, 64); v128.store(out, d1, 80); v128.store(out, d2, 96); v128.store(out, d3, 112);
}

/** Two panels of a cell with a reset gate, as gru-gemm.ts has one: I of x's k, and H of h's. */
// biome-ignore format: a line for each panel
export function twoGruPanels(
  after: bool, a: usize, w: usize, next: usize, I: i32, H: i32, init: usize, out: usize,
): void {
  let z0 = v128.load(init), r0 = v128.load(init, 16), c0 = v128.load(init, 32);
  let z1 = v128.load(init, 64), r1 = v128.load(init, 80), c1 = v128.load(init, 96);
  let s: v128;
  for (const end = a + (<usize>I << 2); a != end;) {
    s = splat(a);
    z0 = mad(s, v128.load(w), z0); r0 = mad(s, v128.load(w, 16), r0); c0 = mad(s, v128.load(w, 32), c0);
    z1 = mad(s, v128.load(w + next), z1); r1 = mad(s, v128.load(w + next, 16), r1);
    c1 = mad(s, v128.load(w + next, 32), c1);
    a += 4; w += 48;
  }
  v128.store(out, c0, 32); v128.store(out, c1, 96);
  if (after) { c0 = v128.load(init, 48); c1 = v128.load(init, 112); }
  for (const end = a + (<usize>H << 2); a != end;) {
    s = splat(a);
    z0 = mad(s, v128.load(w), z0); r0 = mad(s, v128.load(w, 16), r0);
    z1 = mad(s, v128.load(w + next), z1); r1 = mad(s, v128.load(w + next, 16), r1);
    if (after) { c0 = mad(s, v128.load(w, 32), c0); c1 = mad(s, v128.load(w + next, 32), c1); }
    a += 4; w += 48;
  }
  v128.store(out, z0); v128.store(out, r0, 16); v128.store(out, z1, 64); v128.store(out, r1, 80);
  if (after) { v128.store(out, c0, 48); v128.store(out, c1, 112); }
}

/**
 * Adds to two rows the products of one vector each of four panels, `next` bytes apart; `wStep` bytes from one k to the
 * next, and 64 from one sum to the next.
 */
// biome-ignore format: a line for each panel
export function addFourVectors(
  a0: usize, a1: usize, w: usize, wStep: i32, next: usize, K: i32, out0: usize, out1: usize,
): void {
  let c00 = v128.load(out0), c01 = v128.load(out0, 64), c02 = v128.load(out0, 128), c03 = v128.load(out0, 192);
  let c10 = v128.load(out1), c11 = v128.load(out1, 64), c12 = v128.load(out1, 128), c13 = v128.load(out1, 192);
  const last = w + 2 * next;
  let s: v128, t: v128, v: v128;
  for (let at: usize = 0, k = K; k > 0; k--) {
    s = splat(a0); t = splat(a1);
    v = v128.load(w + at); c00 = mad(s, v, c00); c10 = mad(t, v, c10);
    v = v128.load(w + at + next); c01 = mad(s, v, c01); c11 = mad(t, v, c11);
    v = v128.load(last + at); c02 = mad(s, v, c02); c12 = mad(t, v, c12);
    v = v128.load(last + at + next); c03 = mad(s, v, c03); c13 = mad(t, v, c13);
    a0 += 4; a1 += 4; at += wStep;
  }
  v128.store(out0, c00); v128.store(out0, c01, 64); v128.store(out0, c02, 128); v128.store(out0, c03, 192);
  v128.store(out1, c10); v128.store(out1, c11, 64); v128.store(out1, c12, 128); v128.store(out1, c13, 192);
}
