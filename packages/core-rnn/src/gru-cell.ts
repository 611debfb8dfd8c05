import { activations } from "./activations.ts";
import {
  type Cell,
  type CellParams,
  checkCellOptions,
  type GatedCellOptions,
  singleCell,
} from "./cell.ts";
import { addTo, gateProduct, type Masked, masked } from "./gate-product.ts";

/** `GatedCellOptions` and where the reset gate acts. */
export interface GruCellOptions extends GatedCellOptions {
  /**
   * *true* (the default, as in Keras 3 and cuDNN): reset multiplies h·U_h, and the bias has two
   * rows. *false* (Cho et al.'s first version): reset multiplies h in front of U_h.
   */
  resetAfter?: boolean;
}

/** What one forward step of a `gruCell` keeps for the backward one. */
export interface GruTape {
  xs: Masked;
  hs: Masked;
  h: Float64Array;
  /** Inputs of the three activations, in gate order. */
  p: Float64Array;
  gates: Float64Array;
  /** With resetAfter, u_h = h·U_h + b_h of row 1; else r ⊙ h. */
  candidateTerm: Float64Array;
}

/**
 * Gated recurrent unit.
 *
 *     z  = σ(x·W_z + b_z + h·U_z + b′_z)             update gate
 *     r  = σ(x·W_r + b_r + h·U_r + b′_r)             reset gate
 *     n  = act(x·W_h + b_h + r ⊙ (h·U_h + b′_h))     candidate with resetAfter
 *     n  = act(x·W_h + b_h + (r ⊙ h)·U_h)            candidate without; there b′ = 0
 *     h′ = z ⊙ h + (1 − z) ⊙ n
 *
 * σ is **recurrentActivation**. The gates share one matrix in the order z r h: **kernel** is
 * [I, 3H], **recurrentKernel** [H, 3H], **bias** [2, 3H] with resetAfter (rows b and b′),
 * else [3H]. Output and state are h′. Recurrent dropout touches the matrix products only: the
 * blend z ⊙ h keeps the whole h.
 *
 * References: Cho et al. 2014; https://keras.io/api/layers/recurrent_layers/gru/
 *
 * @throws RangeError for sizes that are not positive integers or an unknown activation.
 * @example
 * gruCell({ inputSize: 3, units: 4 }).biasShape; // => [2, 12]
 * gruCell({ inputSize: 3, units: 4, resetAfter: false }).biasShape; // => [12]
 */
export function gruCell(options: GruCellOptions): Cell<CellParams, GruTape> {
  checkCellOptions("gru", options, ["recurrentActivation", "resetAfter"]);
  const { inputSize, units, activation = "tanh", recurrentActivation = "sigmoid" } = options;
  const { resetAfter = true } = options;
  const act = activations[activation];
  const gate = activations[recurrentActivation];
  const columns = 3 * units;
  const all = gateProduct(units, 0, 3);
  // Without resetAfter the candidate's block of U waits for r.
  const fromState = gateProduct(units, 0, resetAfter ? 3 : 2);
  const candidate = gateProduct(units, 2, 3);
  // Where each gate's block begins.
  const [Z, R, N] = [0, units, 2 * units];

  const sizes = {
    kind: "gru",
    inputSize,
    units,
    gates: 3,
    biasShape: resetAfter ? [2, columns] : [columns],
    stateSizes: [units],
  } as const;

  return singleCell(sizes, {
    step(params, x, state, dropout) {
      const [h] = state;
      const { kernel, recurrentKernel } = params;
      const bias = params.bias ?? new Float64Array(2 * columns);
      const xs = masked(x, dropout?.input);
      const hs = masked(h, dropout?.recurrent);

      const p = bias.slice(0, columns);
      all.add(p, xs, kernel);
      const u = resetAfter ? bias.slice(columns) : new Float64Array(columns);
      fromState.add(u, hs, recurrentKernel);

      const gates = new Float64Array(columns);
      for (let j = 0; j < R + units; j++) {
        p[j] += u[j];
        gates[j] = gate.apply(p[j]);
      }

      const candidateTerm = new Float64Array(units);
      if (resetAfter) {
        for (let j = 0; j < units; j++) {
          candidateTerm[j] = u[N + j];
          p[N + j] += gates[R + j] * candidateTerm[j];
        }
      } else {
        const hMasked = hs.versions[hs.versions.length - 1];
        for (let j = 0; j < units; j++) candidateTerm[j] = gates[R + j] * hMasked[j];
        candidate.add(p, masked(candidateTerm), recurrentKernel);
      }

      const hNext = new Float64Array(units);
      for (let j = 0; j < units; j++) {
        const z = gates[Z + j];
        const n = act.apply(p[N + j]);
        gates[N + j] = n;
        hNext[j] = z * h[j] + (1 - z) * n;
      }
      const tape = { xs, hs, h, p, gates, candidateTerm };
      return { output: hNext, state: [hNext], tape };
    },

    stepBackward(params, tape, dOutput, [dState], dParams) {
      const { xs, hs, h, p, gates, candidateTerm } = tape;
      const { kernel, recurrentKernel: u } = params;
      const dU = dParams.recurrentKernel;
      const dp = new Float64Array(columns);
      const du = new Float64Array(columns);
      const dh = new Float64Array(units);
      const dr = new Float64Array(units);
      for (let j = 0; j < units; j++) {
        const z = gates[Z + j];
        const n = gates[N + j];
        // h′ = z ⊙ h + (1 − z) ⊙ n
        const dhNext = dOutput[j] + dState[j];
        const dz = dhNext * (h[j] - n);
        const dn = dhNext * (1 - z);
        dh[j] = dhNext * z;
        // z = σ(p_z); n = act(p_h)
        dp[Z + j] = dz * gate.derivative(p[Z + j], z);
        dp[N + j] = dn * act.derivative(p[N + j], n);
      }

      if (resetAfter) {
        // p_h = x·W_h + b_h + r ⊙ u_h
        for (let j = 0; j < units; j++) {
          dr[j] = dp[N + j] * candidateTerm[j];
          du[N + j] = dp[N + j] * gates[R + j];
        }
      } else {
        // p_h = x·W_h + b_h + q·U_h
        const dq = new Float64Array(units);
        candidate.addBackward(dq, dU, dp, masked(candidateTerm), u);
        // q = r ⊙ m ⊙ h
        const hMasked = hs.versions[hs.versions.length - 1];
        const mask = hs.masks?.at(-1);
        for (let j = 0; j < units; j++) {
          dr[j] = dq[j] * hMasked[j];
          dh[j] += dq[j] * gates[R + j] * (mask ? mask[j] : 1);
        }
      }

      for (let j = 0; j < units; j++) {
        // r = σ(p_r)
        dp[R + j] = dr[j] * gate.derivative(p[R + j], gates[R + j]);
        // p_z = x·W_z + b_z + u_z; p_r = x·W_r + b_r + u_r
        du[Z + j] = dp[Z + j];
        du[R + j] = dp[R + j];
      }
      // p = x·W + b; u = h·U + b′
      const dx = new Float64Array(inputSize);
      all.addBackward(dx, dParams.kernel, dp, xs, kernel);
      fromState.addBackward(dh, dU, du, hs, u);
      if (dParams.bias) addTo(dParams.bias, dp);
      if (dParams.bias && resetAfter) addTo(dParams.bias, du, columns);
      return { dx, dState: [dh] };
    },
  });
}
