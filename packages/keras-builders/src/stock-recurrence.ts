// tfjs-layers' own recurrent layers, run by the fused operations with tfjs-layers' numbers. A layer
// stays the object it was, so that weights, optimizer, graph, config and files know of nothing; only
// what its `call` does is another.

import { type Random, seededRandom } from "@rnnkit/core-rnn";
import {
  type GatedOptions,
  gru,
  lstm,
  type RecurrentActivationName,
  type RecurrentResult,
  simpleRnn,
} from "@rnnkit/fused-rnn";
import { mul, type Tensor, type Tensor3D, tensor1d, tidy } from "@tensorflow/tfjs-core";
import type { LayerVariable, layers } from "@tensorflow/tfjs-layers";
import { kerasActivationName } from "./activation-name.ts";
import { dropoutMask } from "./dropout-masks.ts";
import { type Kwargs, maskOf } from "./layer-call.ts";

type Layer = InstanceType<typeof layers.Layer>;

interface Named {
  getClassName(): string;
}

/** What tfjs-layers' cells hold. */
interface StockCell extends Named {
  units: number;
  activation: Named;
  recurrentActivation?: Named;
  kernel: LayerVariable;
  recurrentKernel: LayerVariable;
  bias: LayerVariable | null;
  dropout: number;
  recurrentDropout: number;
  dropoutFunc?: unknown;
}

/** tfjs-layers' SimpleRNN, LSTM or GRU. */
export interface StockRecurrentLayer extends Layer {
  cell: StockCell;
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  states: Tensor[];
  resetStates(states?: Tensor[], training?: boolean): void;
}

interface StockRecurrence {
  /** What each block of the weights' columns is put through; the fused operation's order. */
  gates: readonly ("activation" | "recurrentActivation")[];
  run(x: Tensor3D, weights: Parameters<typeof lstm>[1], options: GatedOptions): RecurrentResult;
}

const [a, r] = ["activation", "recurrentActivation"] as const;
const recurrences: Record<string, StockRecurrence> = {
  SimpleRNN: {
    gates: [a],
    run: (x, weights, { recurrentActivation: _, ...options }) => simpleRnn(x, weights, options),
  },
  LSTM: { gates: [r, r, a, r], run: lstm },
  GRU: {
    gates: [r, r, a],
    run: (x, weights, options) => gru(x, weights, { ...options, resetAfter: false }),
  },
};

/** Whether a layer is tfjs-layers' SimpleRNN, LSTM or GRU. */
export function isStockRecurrent(layer: object): layer is StockRecurrentLayer {
  const { cell } = layer as Partial<StockRecurrentLayer>;
  if (!cell) return false;
  const name = (layer as Named).getClassName();
  return name in recurrences && cell.getClassName() === `${name}Cell`;
}

/** Why the fused operations cannot give a layer's numbers; undefined where they can. */
export function reasonToLeave(layer: StockRecurrentLayer): string | undefined {
  const { cell } = layer;
  const className = layer.getClassName();
  for (const option of ["activation", "recurrentActivation"] as const) {
    const name = cell[option]?.getClassName();
    if (name === undefined) continue;
    if (fusedName(name) === undefined) return `${option} ${name} is not one of the fused ones`;
  }
  if (className === "LSTM" && cell.activation.getClassName() === "hardSigmoid") {
    return "activation hardSigmoid is 0.2x + 0.5 in tfjs-layers, relu6(x + 3)/6 in Keras 3";
  }
  if (className === "GRU" && cell.recurrentDropout > 0) {
    return "recurrentDropout of tfjs-layers' GRU drops the state itself, not only its products";
  }
  return cell.dropoutFunc ? "dropoutFunc is a function of its own" : undefined;
}

const fused = new WeakSet<object>();

/**
 * Makes the fused operations run a layer for which {@link reasonToLeave} finds none; false if they
 * do so already.
 */
export function fuse(layer: StockRecurrentLayer): boolean {
  if (fused.has(layer)) return false;
  fused.add(layer);
  const { cell } = layer;
  const { gates, run } = recurrences[layer.getClassName()]!;
  const stockCall = layer.call.bind(layer);
  const random = seededRandom(Math.floor(Math.random() * 2 ** 32));
  const activation = fusedName(cell.activation.getClassName())!;
  const recurrentActivation =
    cell.recurrentActivation && fusedName(cell.recurrentActivation.getClassName());

  layer.call = (inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor | Tensor[] => {
    const initialState = kwargs.initialState as Tensor[] | undefined;
    const carried = layer.stateful ? layer.states : undefined;
    // Before the first step that is kept, tfjs puts out the initial state, Keras 0.
    if (kwargs.mask && (initialState ?? carried)) return stockCall(inputs, kwargs);
    return tidy(() => {
      const [x] = [inputs].flat() as [Tensor3D];
      const scale = hardSigmoidScale(cell, gates);
      const weight = (variable: LayerVariable | null): Tensor | undefined =>
        variable ? (scale ? mul(variable.read(), scale) : variable.read()) : undefined;
      const { outputs, state } = run(
        x,
        {
          kernel: weight(cell.kernel)!,
          recurrentKernel: weight(cell.recurrentKernel)!,
          bias: weight(cell.bias),
        },
        {
          ...{ activation, recurrentActivation, mask: maskOf(kwargs) },
          initialState: initialState ?? carried,
          goBackwards: layer.goBackwards,
          returnSequences: layer.returnSequences,
          ...(kwargs.training ? masksOf(cell, x, random) : {}),
        },
      );
      if (layer.stateful) layer.resetStates(state);
      return layer.returnState ? [outputs, ...state] : outputs;
    });
  };
  return true;
}

/** Those that @rnnkit/fused-rnn itself composes of tfjs operations: nothing would be won. */
const composed: readonly string[] = ["silu", "gelu", "leaky_relu"];

function fusedName(stockName: string): RecurrentActivationName | undefined {
  const name = kerasActivationName(stockName);
  return name && !composed.includes(name) ? name : undefined;
}

/**
 * tfjs's hardSigmoid is clip(0.2x + 0.5), Keras 3's clip(x/6 + 0.5): tfjs's of x is Keras's of 1.2x.
 * What multiplies the columns of the gates that it belongs to, or undefined where it occurs nowhere.
 */
function hardSigmoidScale(cell: StockCell, gates: StockRecurrence["gates"]): Tensor | undefined {
  const factors = gates.map((gate) => (cell[gate]!.getClassName() === "hardSigmoid" ? 1.2 : 1));
  if (factors.every((factor) => factor === 1)) return undefined;
  return tensor1d(factors.flatMap((factor) => Array<number>(cell.units).fill(factor)));
}

/** tfjs-layers' masks: one for all gates, none at rate 1. */
function masksOf(cell: StockCell, x: Tensor3D, random: Random): Partial<GatedOptions> {
  const [B, , I] = x.shape;
  const draw = (rate: number, width: number) =>
    rate > 0 && rate < 1 ? dropoutMask([B, width], rate, random) : undefined;
  return {
    inputDropoutMask: draw(cell.dropout, I),
    recurrentDropoutMask: draw(cell.recurrentDropout, cell.units),
  };
}
