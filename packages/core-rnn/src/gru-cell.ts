import {
  type Cell,
  type CellParams,
  checkCellOptions,
  type GatedCellOptions,
  singleCell,
} from "./cell.ts";
import { cellTable } from "./cell-table.ts";
import { addTo, gateProduct, type Masked, masked, times } from "./gate-product.ts";
import { checkKinds, optionKinds } from "./option-kinds.ts";
import { rowActivations } from "./row-activations.ts";

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
  /** z, r, n. */
  gates: readonly Float64Array[];
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
  checkKinds("gru", options, { resetAfter: optionKinds.flag });
  const { inputSize, units, activation = "tanh", recurrentActivation = "sigmoid" } = options;
  const { resetAfter = true } = options;
  const act = rowActivations[activation];
  const gate = rowActivations[recurrentActivation];
  const kind = resetAfter ? "gruAfter" : "gruBefore";
  const { gates } = cellTable[kind];
  const G = gates.length;
  const columns = G * units;
  const all = gateProduct(units, 0, G);
  // Without resetAfter the candidate's block of U waits for r.
  const fromState = gateProduct(units, 0, resetAfter ? G : G - 1);
  const candidate = gateProduct(units, G - 1, G);
  // Where each gate's block begins.
  const [Z, R, N] = gates.map((_, gate) => gate * units);
  const blocks = (p: Float64Array) => [Z, R, N].map((at) => p.subarray(at, at + units));

  return singleCell(kind, options, {
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

      for (let j = 0; j < N; j++) p[j] += u[j];
      const [pz, pr, pn] = blocks(p);
      const [z, r] = [gate.apply(pz), gate.apply(pr)];
      let candidateTerm: Float64Array;
      if (resetAfter) {
        candidateTerm = u.slice(N);
        addTo(pn, times(r, candidateTerm));
      } else {
        candidateTerm = times(r, hs.versions[hs.versions.length - 1]);
        candidate.add(p, masked(candidateTerm), recurrentKernel);
      }
      const n = act.apply(pn);
      const hNext = h.map((value, j) => z[j] * value + (1 - z[j]) * n[j]);
      const tape = { xs, hs, h, p, gates: [z, r, n], candidateTerm };
      return { output: hNext, state: [hNext], tape };
    },

    stepBackward(params, tape, dOutput, [dState], dParams) {
      const { xs, hs, h, p, gates, candidateTerm } = tape;
      const { kernel, recurrentKernel: u } = params;
      const dU = dParams.recurrentKernel;
      const [pz, pr, pn] = blocks(p);
      const [z, r, n] = gates;
      const dp = new Float64Array(columns);
      const du = new Float64Array(columns);
      // h′ = z ⊙ h + (1 − z) ⊙ n
      const dhNext = dOutput.map((value, j) => value + dState[j]);
      const dz = dhNext.map((value, j) => value * (h[j] - n[j]));
      const dn = dhNext.map((value, j) => value * (1 - z[j]));
      const dh = times(dhNext, z);
      // z = σ(p_z); n = act(p_h)
      dp.set(gate.backward(dz, pz, z), Z);
      const dpn = act.backward(dn, pn, n);
      dp.set(dpn, N);

      let dr: Float64Array;
      if (resetAfter) {
        // p_h = x·W_h + b_h + r ⊙ u_h
        dr = times(dpn, candidateTerm);
        du.set(times(dpn, r), N);
      } else {
        // p_h = x·W_h + b_h + q·U_h
        const dq = new Float64Array(units);
        candidate.addBackward(dq, dU, dp, masked(candidateTerm), u);
        // q = r ⊙ m ⊙ h
        dr = times(dq, hs.versions[hs.versions.length - 1]);
        const mask = hs.masks?.at(-1);
        const dqr = times(dq, r);
        addTo(dh, mask ? times(dqr, mask) : dqr);
      }
      // r = σ(p_r)
      dp.set(gate.backward(dr, pr, r), R);
      // p_z = x·W_z + b_z + u_z; p_r = x·W_r + b_r + u_r
      du.set(dp.subarray(Z, N), Z);
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
