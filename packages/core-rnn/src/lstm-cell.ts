import { activations } from "./activations.ts";
import {
  type Cell,
  type CellParams,
  checkCellOptions,
  type GatedCellOptions,
  singleCell,
} from "./cell.ts";
import { addTo, gateProduct, type Masked, masked } from "./gate-product.ts";

/** What one forward step of an `lstmCell` keeps for the backward one. */
export interface LstmTape {
  xs: Masked;
  hs: Masked;
  c: Float64Array;
  z: Float64Array;
  gates: Float64Array;
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
  const act = activations[activation];
  const gate = activations[recurrentActivation];
  const product = gateProduct(units, 0, 4);
  // Where each gate's block begins.
  const [I, F, C, O] = [0, units, 2 * units, 3 * units];

  const sizes = {
    kind: "lstm",
    inputSize,
    units,
    gates: 4,
    biasShape: [4 * units],
    stateSizes: [units, units],
  } as const;

  return singleCell(sizes, {
    step(params, x, state, dropout) {
      const [h, c] = state;
      const xs = masked(x, dropout?.input);
      const hs = masked(h, dropout?.recurrent);
      const z = new Float64Array(4 * units);
      product.add(z, xs, params.kernel);
      product.add(z, hs, params.recurrentKernel);
      if (params.bias) addTo(z, params.bias);

      const gates = new Float64Array(4 * units);
      const cNext = new Float64Array(units);
      const cActivated = new Float64Array(units);
      const hNext = new Float64Array(units);
      for (let j = 0; j < units; j++) {
        const i = gate.apply(z[I + j]);
        const f = gate.apply(z[F + j]);
        const g = act.apply(z[C + j]);
        const o = gate.apply(z[O + j]);
        cNext[j] = f * c[j] + i * g;
        cActivated[j] = act.apply(cNext[j]);
        hNext[j] = o * cActivated[j];
        gates[I + j] = i;
        gates[F + j] = f;
        gates[C + j] = g;
        gates[O + j] = o;
      }
      const tape = { xs, hs, c, z, gates, cNext, cActivated };
      return { output: hNext, state: [hNext, cNext], tape };
    },

    stepBackward(params, tape, dOutput, [dhNext, dcNext], dParams) {
      const { xs, hs, c, z, gates, cNext, cActivated } = tape;
      const dz = new Float64Array(4 * units);
      const dc = new Float64Array(units);
      for (let j = 0; j < units; j++) {
        const i = gates[I + j];
        const f = gates[F + j];
        const g = gates[C + j];
        const o = gates[O + j];
        // h′ = o ⊙ act(c′)
        const dh = dOutput[j] + dhNext[j];
        const dO = dh * cActivated[j];
        const dcSum = dcNext[j] + dh * o * act.derivative(cNext[j], cActivated[j]);
        // c′ = f ⊙ c + i ⊙ g
        const df = dcSum * c[j];
        const di = dcSum * g;
        const dg = dcSum * i;
        dc[j] = dcSum * f;
        // i, f, o = σ(z); g = act(z)
        dz[I + j] = di * gate.derivative(z[I + j], i);
        dz[F + j] = df * gate.derivative(z[F + j], f);
        dz[C + j] = dg * act.derivative(z[C + j], g);
        dz[O + j] = dO * gate.derivative(z[O + j], o);
      }
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
