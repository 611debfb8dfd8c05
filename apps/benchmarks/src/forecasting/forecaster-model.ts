import { adam, buildLstmForecaster, buildStockForecaster, layers } from "@rnnkit/keras-builders";
import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
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

/** A compiled model of the tutorial's layers for the layout; with levels under the pinball loss, else squared errors. */
export function buildForecaster(options: ForecasterOptions, layout: ForecasterLayout): Sequential {
  const { model, units, learningRate, seed } = options;
  const { timesteps, features, levels } = layout;
  const width = widthOf(layout);
  const dropout = dropoutOf(options);
  const loss = levels.length > 0 ? quantileLoss(levels) : ("meanSquaredError" as const);
  const overrides = { optimizer: "adam", learningRate, seed, loss } as const;
  if (model === "lstm") {
    return buildLstmForecaster(timesteps, features, width, {
      units: [units, units],
      dropout: [dropout, dropout],
      ...overrides,
    });
  }
  if (features * width === 1 && dropout === 0) {
    return buildStockForecaster(timesteps, { units, ...overrides });
  }
  const stock = sequential({
    layers: [
      layers.lstm({ units, inputShape: [timesteps, features], seed }),
      ...(dropout > 0 ? [layers.dropout({ rate: dropout, seed: seed + 2 })] : []),
      layers.dense({ units: width, seed: seed + 1 }),
    ],
  });
  stock.compile({ optimizer: adam({ learningRate }), loss });
  return stock;
}
