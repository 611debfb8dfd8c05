// One recurrent layer of a random model, as property tests draw it, and what stands before it.

import { type CellKind, cellKinds, cellTable } from "@rnnkit/core-rnn";
import { input, type SymbolicTensor, layers as stock } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import * as layers from "./layers/layers.ts";

type Layer = InstanceType<typeof stock.Layer>;

/** One recurrent layer, and what stands before it. */
export interface DrawnLayer {
  cell: CellKind;
  way: "forwards" | "backwards" | "both";
  mergeMode: "concat" | "sum" | "ave" | "mul" | null;
  /** Of a merge mode null: the output that goes on. */
  output: 0 | 1;
  /** The cell's layer; an RNN of it and a GRU's; with a SimpleRNN the other way; tfjs-layers' own, accelerated. */
  as: "layer" | "cells" | "mixed" | "stock";
  units: number;
  zeroOutputForMask: boolean;
  /** Starts from states that the model is given, where it reads one way. */
  started: boolean;
  before: "nothing" | "dropout" | "activation" | "dense" | "residual";
}

/** Layers of so many units. */
export function drawnLayer(units: readonly number[]): fc.Arbitrary<DrawnLayer> {
  return fc.record({
    cell: fc.constantFrom(...cellKinds.filter((kind) => cellTable[kind].name in layerOf)),
    way: fc.constantFrom("forwards", "forwards", "backwards", "both"),
    mergeMode: fc.constantFrom("concat", "sum", "ave", "mul", null),
    output: fc.constantFrom(0, 1),
    as: fc.constantFrom("layer", "layer", "layer", "cells", "mixed", "stock"),
    units: fc.constantFrom(...units),
    zeroOutputForMask: fc.boolean(),
    started: fc.nat(5).map((n) => n === 5),
    before: fc.oneof(
      { weight: 3, arbitrary: fc.constant("nothing" as const) },
      { weight: 1, arbitrary: fc.constantFrom("dropout", "activation", "dense", "residual") },
    ),
  });
}

const cellOf = {
  simpleRnn: layers.simpleRNNCell,
  lstm: layers.lstmCell,
  gru: layers.gruCell,
};
const layerOf = { simpleRnn: layers.simpleRNN, lstm: layers.lstm, gru: layers.gru };
const stockLayerOf = { simpleRnn: stock.simpleRNN, lstm: stock.lstm, gru: stock.gru };

function recurrentLayer(drawn: DrawnLayer, returnSequences: boolean): Layer {
  const { way, as, units, zeroOutputForMask } = drawn;
  const { name: drawnName, options: ofKind } = cellTable[drawn.cell];
  // Only cells that have a layer are drawn.
  const name = drawnName as keyof typeof layerOf;
  const both = way === "both";
  const mergeMode = drawn.mergeMode as "concat";
  const turned = { returnSequences, goBackwards: way === "backwards" };
  if (as === "stock") {
    const layer = stockLayerOf[name]({ units, ...turned, recurrentInitializer: "zeros" });
    return both ? stock.bidirectional({ layer: layer as never, mergeMode }) : layer;
  }
  const own = { units, ...ofKind };
  const options = { ...turned, zeroOutputForMask };
  const layer =
    as === "cells"
      ? layers.rnn({ cell: [cellOf[name](own), layers.gruCell({ units })], ...options })
      : layerOf[name]({ ...own, ...options });
  if (!both) return layer;
  const other = () => layers.simpleRNN({ ...options, units, goBackwards: true });
  return layers.bidirectional({
    ...{ layer, mergeMode },
    ...(as === "mixed" && { backwardLayer: other() }),
  });
}

const isStarted = ({ started, way, as }: DrawnLayer): boolean =>
  started && way !== "both" && as !== "stock";

/** A layer of the model, to apply as often as it is wanted. */
export interface Placed {
  layer: Layer;
  /** The states that it starts from. */
  states: SymbolicTensor[];
  apply(x: SymbolicTensor): SymbolicTensor;
}

/** A drawn layer, for inputs of so many features. */
export function placed(drawn: DrawnLayer, width: number, returnSequences: boolean): Placed {
  const { before, cell, as, units, way, mergeMode, output } = drawn;
  const layer = recurrentLayer(drawn, returnSequences);
  const count = isStarted(drawn) ? cellTable[cell].states.length + (as === "cells" ? 1 : 0) : 0;
  const states = Array.from({ length: count }, () => input({ shape: [units] }));
  const perStep = (size: number) =>
    layers.timeDistributed({ layer: layers.dense({ units: size, activation: "tanh" }) });
  const isResidual = before === "residual";
  const first: Layer[] = [];
  if (before === "dropout") first.push(layers.dropout({ rate: 0 }));
  if (before === "activation") first.push(stock.activation({ activation: "linear" }));
  if (before === "dense" || isResidual) first.push(perStep(isResidual ? width : 8));
  if (isResidual) first.push(stock.add());
  return {
    layer,
    states,
    apply(x) {
      let y = x;
      for (const each of first) {
        y = each.apply(isResidual && each === first[1] ? [x, y] : y) as SymbolicTensor;
      }
      const outputs = [layer.apply(states.length ? [y, ...states] : y)].flat() as SymbolicTensor[];
      return outputs[way === "both" && mergeMode === null ? output : 0]!;
    },
  };
}
