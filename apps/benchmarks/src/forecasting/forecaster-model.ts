import { adam, buildLstmForecaster, buildStockForecaster, layers } from "@rnnkit/keras-builders";
import {
  type LayersModel,
  type ModelCompileArgs,
  type Sequential,
  sequential,
} from "@tensorflow/tfjs-layers";
import { type ForecasterLayout, widthOf } from "./layout.ts";
import { quantileLoss } from "./quantile-loss.ts";

/** The tutorial's two forecasters: *stock* is one LSTM, *lstm* two with relu and dropout. */
export type ForecastModel = "stock" | "lstm";

export interface ForecasterOptions {
  model: ForecastModel;
  /** Units of each LSTM. */
  units: number;
  /** Adam's step size. */
  learningRate: number;
  seed: number;
  /** Share of units that drop out behind each LSTM in training. Default 0.2 in *lstm*, none in *stock*. */
  dropout?: number;
}

/** The dropout that a model has unless told otherwise. */
export function dropoutOf({
  model,
  dropout,
}: Pick<ForecasterOptions, "model" | "dropout">): number {
  return dropout ?? (model === "lstm" ? 0.2 : 0);
}

/** What the one recurrent layer of a forecaster is, in keras-builders' words. */
export type ForecasterCell = "simple_rnn" | "lstm" | "gru" | "bidirectional_lstm";

/** One recurrent layer, and what is behind it. */
export interface OneLayerOptions {
  cell: ForecasterCell;
  units: number;
  /** Adam's step size. */
  learningRate: number;
  seed: number;
  /** Share of units that drop out behind the layer in training; 0: no such layer. */
  dropout: number;
}

/** A compiled model of the tutorial's layers for the layout; with levels under the pinball loss, else squared errors. */
export function buildForecaster(options: ForecasterOptions, layout: ForecasterLayout): Sequential {
  const { model, units, learningRate, seed } = options;
  const dropout = dropoutOf(options);
  if (model === "lstm") {
    return buildLstmForecaster(layout.timesteps, layout.features, widthOf(layout), {
      units: [units, units],
      dropout: [dropout, dropout],
      ...{ optimizer: "adam", learningRate, seed, loss: lossOf(layout) },
    });
  }
  return buildOneLayer({ cell: "lstm", units, learningRate, seed, dropout }, layout);
}

/**
 * A recurrent layer → Dense, Adam, compiled as `buildForecaster` does; an LSTM of one column and one number without
 * dropout is the tutorial's by name.
 */
export function buildOneLayer(options: OneLayerOptions, layout: ForecasterLayout): Sequential {
  const { cell, units, learningRate, seed, dropout } = options;
  const { timesteps, features } = layout;
  const width = widthOf(layout);
  if (cell === "lstm" && features * width === 1 && dropout === 0) {
    return buildStockForecaster(timesteps, { units, learningRate, seed });
  }
  const inputShape: [number, number] = [timesteps, features];
  const recurrent = {
    simple_rnn: () => layers.simpleRNN({ units, inputShape, seed }),
    lstm: () => layers.lstm({ units, inputShape, seed }),
    gru: () => layers.gru({ units, inputShape, seed }),
    bidirectional_lstm: () =>
      layers.bidirectional({ layer: layers.lstm({ units, seed }), inputShape }),
  }[cell]();
  const model = sequential({
    layers: [
      recurrent,
      ...(dropout > 0 ? [layers.dropout({ rate: dropout, seed: seed + 2 })] : []),
      layers.dense({ units: width, seed: seed + 1 }),
    ],
  });
  compileOwning(model, { optimizer: adam({ learningRate }), loss: lossOf(layout) });
  return model;
}

/** Compiles a model that frees its optimizer with itself: tfjs takes one not made by it for the caller's. */
export function compileOwning(model: LayersModel, args: ModelCompileArgs): void {
  model.compile(args);
  (model as unknown as { isOptimizerOwned: boolean }).isOptimizerOwned = true;
}

/** The pinball loss of the layout's quantiles; of one number squared errors. */
export function lossOf({
  levels,
}: ForecasterLayout): "meanSquaredError" | ReturnType<typeof quantileLoss> {
  return levels.length > 0 ? quantileLoss(levels) : "meanSquaredError";
}
