// Products of a row vector with a matrix whose columns are blocks of H, one a gate: forward, then
// backward. Dropout may give every gate its own version of the vector.

/** A vector under dropout: one version for all gates or one per gate, with the masks that made it. */
export interface Masked {
  versions: readonly Float64Array[];
  masks: readonly Float64Array[] | undefined;
}

/** x itself where there are no masks, else one version a mask. */
export function masked(x: Float64Array, masks?: readonly Float64Array[]): Masked {
  const versions = masks ? masks.map((mask) => x.map((value, i) => value * mask[i])) : [x];
  return { versions, masks };
}

/** A product over some gates' columns and its backward; both add to their results. */
export interface GateProduct {
  /** z[j] += Σᵢ x_g[i]·W[i, j]. */
  add(z: Float64Array, x: Masked, w: Float64Array): void;
  /** dx[i] += m_g[i]·Σⱼ dz[j]·W[i, j] and dW[i, j] += x_g[i]·dz[j]. */
  addBackward(
    dx: Float64Array,
    dw: Float64Array,
    dz: Float64Array,
    x: Masked,
    w: Float64Array,
  ): void;
}

/** The product over every column j of the gates g in **from**..**to**−1, each **units** wide. */
export function gateProduct(units: number, from: number, to: number): GateProduct {
  return {
    add(z, { versions }, w) {
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
    },

    addBackward(dx, dw, dz, { versions, masks }, w) {
      const columns = w.length / dx.length;
      for (let gate = from; gate < to; gate++) {
        const x = versions.length === 1 ? versions[0] : versions[gate];
        const mask = masks?.length === 1 ? masks[0] : masks?.[gate];
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
    },
  };
}

/** a ⊙ b. */
export function times(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value * b[i]);
}

/** target[offset + i] += source[i]. */
export function addTo(target: Float64Array, source: Float64Array, offset = 0): void {
  for (let i = 0; i < source.length; i++) target[offset + i] += source[i];
}
