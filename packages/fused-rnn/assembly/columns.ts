// Which gate and which units a column is, in each layout of weights, gates and gradients. `u0` are units
// 0 to 3, one vector of four floats, `u4` the next four.
//
//     Keras's matrices [.., G·H]   i i i … f f f … c c c … o o o …     z … r … h …
//
//     panel of `weights`, a row for each input and each unit of the state before
//         SimpleRNN                h u0 | h u4 | h u8 | h u12          16 units of the one gate
//         LSTM                     i u0 | f u0 | c u0 | o u0           the gates of four units
//         GRU                      z u0 | r u0 | h u0
//
//     row of `gates`, `biases`, `tokenSums`: `gateVectors` for each four units
//         SimpleRNN                h u0 | h u4 | …
//         LSTM                     i u0 | f u0 | c u0 | o u0 | i u4 | …
//         GRU                      z u0 | r u0 | x u0 | h u0 | z u4 | …    halves of the candidate: of x, of h
//
//     row of `dz`                  the joint gates interleaved      the candidate
//         SimpleRNN                h u0 | h u4 | …
//         LSTM                     i u0 | f u0 | c u0 | o u0 | i u4 | …
//         GRU, reset after         z u0 | r u0 | z u4 | …           x u0 | x u4 | …   h u0 | h u4 | …
//         GRU, reset before        z u0 | r u0 | z u4 | …           h u0 | h u4 | …
//
// Interleaved, the gates of a unit come out of one pass of the product and lie in one cache line when the cell reads
// them. The candidate's two halves stand apart since the reset gate is between them: x's half sees the gradient
// dxc, h's half r·dxc.
import { Descriptor } from "./descriptor";

/** Vectors of the panel that begins at unit u. */
// @ts-ignore: decorator
@inline
export function panelVectors(d: Descriptor, u: i32): i32 {
  return d.gateCount == 1 ? min(4, (d.Hp - u) >> 2) : d.gateCount;
}
/** Where that panel lies: before it are the rows of all panels of fewer units. */
// @ts-ignore: decorator
@inline
export function panelAt(d: Descriptor, u: i32): usize {
  return d.weights + ((<usize>u * (d.I + d.H) * d.gateCount) << 2);
}

/** Vectors of the panel at column q of n columns. */
// @ts-ignore: decorator
@inline
export function vectorsAt(q: i32, n: i32): i32 {
  // 16 columns a panel: four vectors, with two rows of sums the eight accumulators of gemm.ts.
  return min(4, (n - q + 3) >> 2);
}
/** Bytes of a set of panels over `columns` columns and K rows. */
// @ts-ignore: decorator
@inline
export function setBytes(columns: i32, K: i32): usize {
  return (<usize>((columns + 3) & ~3) * K) << 2;
}

/** Gradient columns of the joint gates. */
// @ts-ignore: decorator
@inline
export function jointColumns(d: Descriptor): i32 {
  return d.jointGates * d.Hp;
}
/** Gradient columns that x's share of the sums has: the joint gates' and x's half of the candidate. */
// @ts-ignore: decorator
@inline
export function gateColumns(d: Descriptor): i32 {
  return d.gateCount * d.Hp;
}

/** The first unit of gradient columns k..k+3. */
// @ts-ignore: decorator
@inline
function unitOf(d: Descriptor, k: i32): i32 {
  const joint = jointColumns(d);
  // Four units of each joint gate take turns: 4·J columns from a group of units to the next.
  return k < joint ? (k / (4 * d.jointGates)) << 2 : (k - joint) % d.Hp;
}
/**
 * Gradient columns k..k+3 are four units of one gate: where their Keras columns begin. The gate's last
 * column is (gate + 1)·H - 1, so of the four min(4, unitsFrom) are real, none where that is below 1.
 */
export function columnOf(d: Descriptor, k: i32): i32 {
  const J = d.jointGates;
  const gate = k < jointColumns(d) ? (k >> 2) % J : J;
  return gate * d.H + unitOf(d, k);
}
/** Units of the gate from gradient column k on. */
export function unitsFrom(d: Descriptor, k: i32): i32 {
  return d.H - unitOf(d, k);
}
