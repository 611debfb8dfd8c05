// numpy's order of addition, without which a mean differs from scikit-learn's in its last bits.

/** numpy converts float32 to float64 in pieces of so many numbers, and adds up piece by piece. */
const piece = 8192;

/**
 * The sums in float64 of each column of [N, F], as `np.sum(x, axis=0, dtype=np.float64)` adds: several
 * columns row by row, a single one in pairs. **at** gives the number at a place in row-major order.
 */
export function columnSums(
  length: number,
  columns: number,
  at: (i: number) => number,
  isConverted: boolean,
): Float64Array {
  const sums = new Float64Array(columns);
  if (columns === 1) {
    const step = isConverted ? piece : length;
    for (let i = 0; i < length; i += step) sums[0] += pairwise(at, i, Math.min(i + step, length));
  } else {
    for (let i = 0, j = 0; i < length; i++) {
      sums[j] += at(i);
      if (++j === columns) j = 0;
    }
  }
  return sums;
}

/** Halves down to 128 numbers, and those by eight sums side by side. */
function pairwise(at: (i: number) => number, from: number, to: number): number {
  const n = to - from;
  if (n > 128) {
    const half = Math.floor(n / 2);
    const middle = from + half - (half % 8);
    return pairwise(at, from, middle) + pairwise(at, middle, to);
  }
  let i = from;
  let sum = 0;
  if (n >= 8) {
    let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (; i + 8 <= to; i += 8) {
      a += at(i);
      b += at(i + 1);
      c += at(i + 2);
      d += at(i + 3);
      e += at(i + 4);
      f += at(i + 5);
      g += at(i + 6);
      h += at(i + 7);
    }
    sum = a + b + (c + d) + (e + f + (g + h));
  }
  for (; i < to; i++) sum += at(i);
  return sum;
}
