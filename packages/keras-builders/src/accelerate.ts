import { shown } from "@rnnkit/core-rnn";
import type { LayersModel, layers } from "@tensorflow/tfjs-layers";
import {
  fuse,
  isStockRecurrent,
  reasonToLeave,
  type StockRecurrentLayer,
} from "./cells/stock-recurrence.ts";
import { BidirectionalLayer } from "./layers/bidirectional-layer.ts";
import { RecurrentLayer } from "./layers/recurrent-layer.ts";
import { prepare } from "./prepare.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** What {@link accelerate} did. */
export interface Acceleration<Model> {
  /** The model that was given. */
  model: Model;
  /** Names of the layers that now run on the fused operations. */
  swapped: string[];
  /** Names of the recurrent layers that run as before, and why. */
  left: { name: string; reason: string }[];
}

/**
 * Makes an existing model fast: tfjs-layers' SimpleRNN, LSTM, GRU, RNN over their cells and
 * Bidirectional in it, nested models and TimeDistributed included, run on the fused operations from now on.
 *
 * The numbers stay those of tfjs-layers: its hardSigmoid (0.2x + 0.5), its GRU (reset before), its
 * masks, its one dropout mask for all gates. Weights, optimizer and its state, compilation, names and
 * configs are untouched, because the layers stay the objects they were and only the work behind them
 * is swapped: training goes on where it was, and a saved model is the one that it was before. Layers
 * whose numbers would change are left, with the reason. The gradient of Embedding becomes fast for
 * all models, and possible on `wasm`.
 *
 * A call that has both a mask and an initial state (or is stateful) runs as before: tfjs and Keras
 * differ there in the steps before the first kept one. Layers of this package need nothing and are
 * not listed. A second call finds nothing to do.
 *
 * @throws TypeError for what is no model of tfjs-layers.
 * @example
 * const { swapped, left } = accelerate(await tf.loadLayersModel(url));
 */
export function accelerate<Model extends LayersModel>(model: Model): Acceleration<Model> {
  if (!Array.isArray(model?.layers)) {
    const got = shown(model);
    throw new TypeError(`accelerate: expected a model, as tf.loadLayersModel gives, got ${got}`);
  }
  prepare();
  const result: Acceleration<Model> = { model, swapped: [], left: [] };
  for (const layer of model.layers) accelerateLayer(layer, result);
  return result;
}

/** Does for one layer, and those in it, what {@link accelerate} does for a model's. */
export function accelerateLayer(layer: Layer, result: Omit<Acceleration<unknown>, "model">): void {
  if (layer instanceof RecurrentLayer || layer instanceof BidirectionalLayer) return;
  const { layers: inner, layer: wrapped } = layer as { layers?: Layer[]; layer?: Layer };
  const parts = partsOf(layer);
  if (parts) {
    const reason = parts.map(reasonToLeave).find((found) => found !== undefined);
    if (reason !== undefined) {
      result.left.push({ name: layer.name, reason });
      return;
    }
    // Those of an earlier call are not listed again.
    if (parts.map(fuse).includes(true)) result.swapped.push(layer.name);
  } else if ("cell" in layer || "forwardLayer" in layer) {
    const reason = `${layer.getClassName()} has cells that are not tfjs-layers' SimpleRNN's, LSTM's or GRU's`;
    result.left.push({ name: layer.name, reason });
  } else {
    for (const each of inner ?? (wrapped ? [wrapped] : [])) accelerateLayer(each, result);
  }
}

/** The recurrences that a stock layer is made of: one, or a Bidirectional's two. */
function partsOf(layer: Layer): StockRecurrentLayer[] | undefined {
  const { forwardLayer, backwardLayer } = layer as { forwardLayer?: Layer; backwardLayer?: Layer };
  const parts = forwardLayer && backwardLayer ? [forwardLayer, backwardLayer] : [layer];
  return parts.every(isStockRecurrent) ? (parts as StockRecurrentLayer[]) : undefined;
}
