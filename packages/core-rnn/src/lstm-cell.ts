import {
  type Cell,
  type CellParams,
  checkCellOptions,
  type GatedCellOptions,
  singleCell,
} from "./cell.ts";
import { cellTable } from "./cell-table.ts";
import { addTo, gateProduct, type Masked, masked, times } from "./gate-product.ts";
import { rowActivations } from "./row-activations.ts";

/** What one forward step of an `lstmCell` keeps for the backward one. */
export interface LstmTape {
  xs: Masked;
  hs: Masked;
  c: Float64Array;
  z: Float64Array;
  /** i, f, g, o. */
  gates: readonly Float64Array[];
  cNext: Float64Array;
  cActivated: Float64Array;
}

/**
 * Long short-term memory.
 *
 *     i  = σ(x·Wᵢ + h·Uᵢ + bᵢ)        input gate
 *     f  = σ(x·W_f + h·U_f + b_f)     forget gate
 *     g  = act(x·W_c + h·U_c + b_c)   candidate
 *     o  = σ(x·Wₒ + h·Uₒ + bₒ)        output gate
 *     c′ = f ⊙ c + i ⊙ g
 *     h′ = o ⊙ act(c′)
 *
 * σ is **recurrentActivation**. The gates share one matrix in the order i f c o: **kernel** is
 * [I, 4H], **recurrentKernel** [H, 4H], **bias** [4H]. State is h, c; output is h′.
 *
 * References: Hochreiter & Schmidhuber 1997; forget gate, Gers et al. 2000;
 * https://keras.io/api/layers/recurrent_layers/lstm/
 *
 * @throws RangeError for sizes that are not positive integers or an unknown activation.
 * @example
 * const cell = lstmCell({ inputSize: 3, units: 4 });
 * cell.stateSizes; // => [4, 4]
 */
export function lstmCell(options: GatedCellOptions): Cell<CellParams, LstmTape> {
  checkCellOptions("lstm", options, ["recurrentActivation"]);
  const { inputSize, units, activation = "tanh", recurrentActivation = "sigmoid" } = options;
  const act = rowActivations[activation];
  const gate = rowActivations[recurrentActivation];
  const G = cellTable.lstm.gates.length;
  const product = gateProduct(units, 0, G);
  // Where each gate's block begins.
  const [I, F, C, O] = cellTable.lstm.gates.map((_, gate) => gate * units);
  const blocks = (z: Float64Array) => [I, F, C, O].map((at) => z.subarray(at, at + units));

  return singleCell("lstm", options, {
    step(params, x, state, dropout) {
      const [h, c] = state;
      const xs = masked(x, dropout?.input);
      const hs = masked(h, dropout?.recurrent);
      const z = new Float64Array(G * units);
      product.add(z, xs, params.kernel);
      product.add(z, hs, params.recurrentKernel);
      if (params.bias) addTo(z, params.bias);

      const [zi, zf, zc, zo] = blocks(z);
      const [i, f, g, o] = [gate.apply(zi), gate.apply(zf), act.apply(zc), gate.apply(zo)];
      const cNext = times(f, c);
      addTo(cNext, times(i, g));
      const cActivated = act.apply(cNext);
      const hNext = times(o, cActivated);
      const tape = { xs, hs, c, z, gates: [i, f, g, o], cNext, cActivated };
      return { output: hNext, state: [hNext, cNext], tape };
    },

    stepBackward(params, tape, dOutput, [dhNext, dcNext], dParams) {
      const { xs, hs, c, z, gates, cNext, cActivated } = tape;
      const [zi, zf, zc, zo] = blocks(z);
      const [i, f, g, o] = gates;
      // h′ = o ⊙ act(c′)
      const dhSum = dOutput.map((value, j) => value + dhNext[j]);
      const dO = times(dhSum, cActivated);
      const dcSum = act.backward(times(dhSum, o), cNext, cActivated);
      addTo(dcSum, dcNext);
      // c′ = f ⊙ c + i ⊙ g
      const [df, di, dg, dc] = [c, g, i, f].map((factor) => times(dcSum, factor));
      // i, f, o = σ(z); g = act(z)
      const dz = new Float64Array(G * units);
      dz.set(gate.backward(di, zi, i), I);
      dz.set(gate.backward(df, zf, f), F);
      dz.set(act.backward(dg, zc, g), C);
      dz.set(gate.backward(dO, zo, o), O);
      // z = x·W + h·U + b
      const dx = new Float64Array(inputSize);
      const dh = new Float64Array(units);
      product.addBackward(dx, dParams.kernel, dz, xs, params.kernel);
      product.addBackward(dh, dParams.recurrentKernel, dz, hs, params.recurrentKernel);
      if (dParams.bias) addTo(dParams.bias, dz);
      return { dx, dState: [dh, dc] };
    },
  });
}
