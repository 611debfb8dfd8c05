// Products of a row vector with a matrix whose columns are blocks of H, one a gate. The vector comes
// as a list: one version for all gates, or one per gate, because dropout may give each gate its own.

/** A vector under its dropout masks: itself where there are none, else one version a mask. */
export function maskedVersions(
  x: Float64Array,
  masks: readonly Float64Array[] | undefined,
): readonly Float64Array[] {
  return masks ? masks.map((mask) => x.map((value, i) => value * mask[i])) : [x];
}

/** z[j] += Σᵢ x_g[i]·W[i, j] for every column j of the gates g in **from**..**to**−1. */
export function addProduct(
  z: Float64Array,
  versions: readonly Float64Array[],
  w: Float64Array,
  units: number,
  from: number,
  to: number,
): void {
  const columns = w.length / versions[0].length;
  for (let gate = from; gate < to; gate++) {
    const x = versions.length === 1 ? versions[0] : versions[gate];
    const end = (gate + 1) * units;
    for (let i = 0; i < x.length; i++) {
      const xi = x[i];
      const row = i * columns;
      for (let j = gate * units; j < end; j++) z[j] += xi * w[row + j];
    }
  }
}

/**
 * The backward of `addProduct`: dW[i, j] += x_g[i]·dz[j] and dx[i] += m_g[i]·Σⱼ dz[j]·W[i, j], over
 * the columns of the gates in **from**..**to**−1.
 */
export function addProductBackward(
  dx: Float64Array,
  dw: Float64Array,
  dz: Float64Array,
  versions: readonly Float64Array[],
  masks: readonly Float64Array[] | undefined,
  w: Float64Array,
  units: number,
  from: number,
  to: number,
): void {
  const columns = w.length / dx.length;
  for (let gate = from; gate < to; gate++) {
    const x = versions.length === 1 ? versions[0] : versions[gate];
    const mask = masks && (masks.length === 1 ? masks[0] : masks[gate]);
    const end = (gate + 1) * units;
    for (let i = 0; i < dx.length; i++) {
      const xi = x[i];
      const row = i * columns;
      let sum = 0;
      for (let j = gate * units; j < end; j++) {
        dw[row + j] += xi * dz[j];
        sum += dz[j] * w[row + j];
      }
      dx[i] += mask ? mask[i] * sum : sum;
    }
  }
}

/** target[offset + i] += source[i]. */
export function addTo(target: Float64Array, source: Float64Array, offset = 0): void {
  for (let i = 0; i < source.length; i++) target[offset + i] += source[i];
}
