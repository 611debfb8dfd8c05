// tfjs-layers' own recurrent layers, run by the fused operations with tfjs-layers' numbers. A layer
// stays the object it was, so that weights, optimizer, graph, config and files know of nothing; only
// what its `call` does is another.

import { type CellKind, cellTable, type Random, seededRandom } from "@rnnkit/core-rnn";
import {
  fusedActivations,
  type GatedOptions,
  type RecurrentActivationName,
} from "@rnnkit/fused-rnn";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { LayerVariable, layers } from "@tensorflow/tfjs-layers";
import { type Kwargs, maskOf } from "../graph/layer-call.ts";
import { kerasActivationName } from "../options/activation-name.ts";
import { dropoutMask } from "./dropout-masks.ts";
import { fusedOperation } from "./fused-operation.ts";
import { RecurrentCell } from "./recurrent-cell.ts";
import { type CellScan, scanStack, statesByCell } from "./scan-stack.ts";

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

/** tfjs-layers' SimpleRNN, LSTM or GRU, or its RNN over their cells. */
export interface StockRecurrentLayer extends Layer {
  cell: StockCell | (Named & { cells: StockCell[] });
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  states: Tensor[];
  resetStates(states?: Tensor[], training?: boolean): void;
}

const kinds: Readonly<Record<string, CellKind>> = {
  SimpleRNNCell: "simpleRnn",
  LSTMCell: "lstm",
  GRUCell: "gruBefore",
};

/** The layer's cells, the one that reads the input first. */
function cellsOf({ cell }: StockRecurrentLayer): StockCell[] {
  return "cells" in cell ? cell.cells : [cell];
}

/** Whether a layer is tfjs-layers' SimpleRNN, LSTM or GRU, or its RNN over one or more of their cells. */
export function isStockRecurrent(layer: object): layer is StockRecurrentLayer {
  if (!(layer as Partial<StockRecurrentLayer>).cell) return false;
  const className = (layer as Named).getClassName();
  const cells = cellsOf(layer as StockRecurrentLayer);
  const known = cells.every(
    (cell) => cell.getClassName() in kinds && !(cell instanceof RecurrentCell),
  );
  return known && (className === "RNN" || `${className}Cell` === cells[0]?.getClassName());
}

/** Why the fused operations cannot give a layer's numbers; undefined where they can. */
export function reasonToLeave(layer: StockRecurrentLayer): string | undefined {
  const isRnn = layer.getClassName() === "RNN";
  return cellsOf(layer)
    .map((cell) => reasonToLeaveCell(cell, isRnn))
    .find((reason) => reason !== undefined);
}

function reasonToLeaveCell(cell: StockCell, isRnn: boolean): string | undefined {
  const className = cell.getClassName();
  for (const option of ["activation", "recurrentActivation"] as const) {
    const name = cell[option]?.getClassName();
    if (name === undefined) continue;
    if (fusedName(name) === undefined) return `${option} ${name} is not one of the fused ones`;
  }
  if (className === "GRUCell" && cell.recurrentDropout > 0) {
    return "recurrentDropout of tfjs-layers' GRU drops the state itself, not only its products";
  }
  if (isRnn && cell.dropout + cell.recurrentDropout > 0) {
    return "tfjs-layers' RNN drops in every call what it dropped in the first";
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
  const stockCall = layer.call.bind(layer);
  const random = seededRandom(Math.floor(Math.random() * 2 ** 32));
  const scans = cellsOf(layer).map((cell) => scanOf(cell, random));

  layer.call = (inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor | Tensor[] => {
    const given = kwargs.initialState as Tensor[] | undefined;
    const initialState = given ?? (layer.stateful ? layer.states : undefined);
    // Before the first step that is kept, tfjs puts out the initial state, Keras 0.
    if (kwargs.mask && initialState) return stockCall(inputs, kwargs);
    return tidy(() => {
      const [x] = [inputs].flat() as [Tensor];
      // tfjs lists the states from the last cell to the first.
      const started = initialState && statesByCell([...scans].reverse(), initialState).reverse();
      const { outputs, states } = scanStack(scans, x, {
        ...{ goBackwards: layer.goBackwards, returnSequences: layer.returnSequences },
        ...{ mask: maskOf(kwargs), zeroOutputForMask: false, initialState: started?.flat() },
        training: Boolean(kwargs.training),
      });
      const state = states.reverse().flat();
      if (layer.stateful) layer.resetStates(state);
      return layer.returnState ? [outputs, ...state] : outputs;
    });
  };
  return true;
}

/** A stock cell over a sequence, as a fused operation. */
function scanOf(cell: StockCell, random: Random): CellScan {
  const kind = kinds[cell.getClassName()]!;
  const activation = fusedName(cell.activation.getClassName())!;
  const recurrentActivation =
    cell.recurrentActivation && fusedName(cell.recurrentActivation.getClassName());
  return {
    stateCount: cellTable[kind].states.length,
    run: (x, { training, ...options }) => {
      const weights = {
        kernel: cell.kernel.read(),
        recurrentKernel: cell.recurrentKernel.read(),
        bias: cell.bias?.read(),
      };
      return fusedOperation(kind, x, weights, {
        ...{ activation, recurrentActivation, ...options },
        ...(training ? masksOf(cell, x, random) : {}),
      });
    },
  };
}

function fusedName(stockName: string): RecurrentActivationName | undefined {
  // tfjs-layers' hardSigmoid is Keras 2's.
  const name = stockName === "hardSigmoid" ? "hard_sigmoid_keras2" : kerasActivationName(stockName);
  // The others @rnnkit/fused-rnn itself composes of tfjs operations: nothing would be won.
  return fusedActivations.find((fused) => fused === name);
}

/** tfjs-layers' masks: one for all gates, none at rate 1. */
function masksOf(cell: StockCell, x: Tensor, random: Random): Partial<GatedOptions> {
  const [B, , I] = x.shape as [number, number, number];
  const draw = (rate: number, width: number) =>
    rate > 0 && rate < 1 ? dropoutMask([B, width], rate, random) : undefined;
  return {
    inputDropoutMask: draw(cell.dropout, I),
    recurrentDropoutMask: draw(cell.recurrentDropout, cell.units),
  };
}
