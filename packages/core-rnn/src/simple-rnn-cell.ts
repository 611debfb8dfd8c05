import {
  type Cell,
  type CellOptions,
  type CellParams,
  checkCellOptions,
  singleCell,
} from "./cell.ts";
import { addTo, gateProduct, type Masked, masked } from "./gate-product.ts";
import { rowActivations } from "./row-activations.ts";

/** What one forward step of a `simpleRnnCell` keeps for the backward one. */
export interface SimpleRnnTape {
  xs: Masked;
  hs: Masked;
  z: Float64Array;
  hNext: Float64Array;
}

/**
 * The simple (Elman) recurrent cell.
 *
 *     z  = x·W + h·U + b
 *     h′ = act(z)
 *
 * Output and state are h′. **kernel** W is [I, H], **recurrentKernel** U [H, H], **bias** b [H].
 *
 * References: Elman 1990; https://keras.io/api/layers/recurrent_layers/simple_rnn/
 *
 * @throws RangeError for sizes that are not positive integers or an unknown activation.
 * @example
 * const cell = simpleRnnCell({ inputSize: 1, units: 1, activation: "linear" });
 * const [one, half] = [Float64Array.of(1), Float64Array.of(0.5)];
 * cell.step({ kernel: one, recurrentKernel: half }, one, [one]).output; // => [1.5]
 */
export function simpleRnnCell(options: CellOptions): Cell<CellParams, SimpleRnnTape> {
  checkCellOptions("simpleRnn", options);
  const { inputSize, units, activation = "tanh" } = options;
  const act = rowActivations[activation];
  const product = gateProduct(units, 0, 1);

  return singleCell("simpleRnn", options, {
    step(params, x, state, dropout) {
      const xs = masked(x, dropout?.input);
      const hs = masked(state[0], dropout?.recurrent);
      const z = new Float64Array(units);
      product.add(z, xs, params.kernel);
      product.add(z, hs, params.recurrentKernel);
      if (params.bias) addTo(z, params.bias);
      const hNext = act.apply(z);
      return { output: hNext, state: [hNext], tape: { xs, hs, z, hNext } };
    },

    stepBackward(params, { xs, hs, z, hNext }, dOutput, [dState], dParams) {
      // h′ = act(z); it is the output and the state
      const dhNext = dOutput.map((value, j) => value + dState[j]);
      const dz = act.backward(dhNext, z, hNext);
      // z = x·W + h·U + b
      const dx = new Float64Array(inputSize);
      const dh = new Float64Array(units);
      product.addBackward(dx, dParams.kernel, dz, xs, params.kernel);
      product.addBackward(dh, dParams.recurrentKernel, dz, hs, params.recurrentKernel);
      if (dParams.bias) addTo(dParams.bias, dz);
      return { dx, dState: [dh] };
    },
  });
}
