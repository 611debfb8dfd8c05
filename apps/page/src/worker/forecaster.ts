import { lastValueForecast } from "@rnnkit/benchmarks/baseline";
import { labelsAhead } from "@rnnkit/benchmarks/labels-ahead";
import type { Series } from "@rnnkit/benchmarks/one-series";
import { type PreparedSeries, prepareSeries } from "@rnnkit/benchmarks/prepared-series";
import { predict } from "@rnnkit/benchmarks/training";
import { adam, buildStockForecaster, layers } from "@rnnkit/keras-builders";
import type { MinMaxScaler } from "@rnnkit/preprocess";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import type { Cell, Settings } from "../app/settings.ts";
import { errorsOf } from "./errors.ts";
import type { Ahead, Predictions, SeriesData } from "./messages.ts";

/** A model of windows of one value, and what it needs to speak of a series in its own unit. */
export interface Forecaster {
  kind: "forecaster";
  model: LayersModel;
  /** Values in a window. */
  timesteps: number;
  /** Values that one prediction says. */
  outputs: number;
  scaler: MinMaxScaler;
  series: Series;
  prepared: PreparedSeries;
}

const signal = new AbortController().signal;

/** A recurrent layer → Dense 1, Adam, mean squared error; of an LSTM the tutorial's `buildStockForecaster`. */
export function buildForecaster(
  cell: Cell,
  { window: timesteps, units, rate: learningRate, seed }: Settings,
): LayersModel {
  if (cell === "lstm") return buildStockForecaster(timesteps, { units, learningRate, seed });
  const inputShape: [number, number] = [timesteps, 1];
  const recurrent = {
    simple_rnn: () => layers.simpleRNN({ units, inputShape, seed }),
    gru: () => layers.gru({ units, inputShape, seed }),
    bidirectional_lstm: () =>
      layers.bidirectional({ layer: layers.lstm({ units, seed }), inputShape }),
  }[cell]();
  const model = sequential({ layers: [recurrent, layers.dense({ units: 1, seed: seed + 1 })] });
  model.compile({ optimizer: adam({ learningRate }), loss: "meanSquaredError" });
  return model;
}

/** A series as the page draws it. */
export function seriesData(series: Series, { train }: PreparedSeries): SeriesData {
  return {
    kind: "series",
    name: series.name,
    title: series.title,
    source: series.source,
    isSynthetic: series.synthetic,
    valueLabel: series.valueLabel,
    axis: series.axis,
    at: series.at,
    values: Array.from(series.values),
    testFrom: train.firstTarget + (train.y.shape[0] as number),
    notes: series.notes,
    season: null,
  };
}

/** Forecasts of the test part one step ahead, and the loss there. */
export async function predictTest(
  forecaster: Forecaster,
): Promise<{ predictions: Predictions; loss: number }> {
  const { model, scaler, series, prepared, outputs } = forecaster;
  const { x, y, firstTarget } = prepared.test;
  const said = (await predict(model, x, 256, signal)) as Float64Array;
  const scaled = said.filter((_, i) => i % outputs === 0);
  const loss = scaled.reduce((sum, value, i) => sum + (value - y.data[i]!) ** 2, 0) / scaled.length;
  const end = firstTarget + scaled.length;
  const actual = Array.from(series.values.subarray(firstTarget, end));
  const known = series.values.subarray(0, firstTarget);
  const values = unscaled(scaled, scaler);
  const errors = (predicted: readonly number[]) => errorsOf(actual, predicted, known);
  return {
    loss,
    predictions: {
      values,
      model: errors(values),
      lastValue: errors(Array.from(lastValueForecast(series.values, firstTarget, end))),
      seasonal: null,
    },
  };
}

/** The **count** values after the series: what the model said stands behind the window for what it says next. */
export async function forecastBeyond(forecaster: Forecaster, count: number): Promise<Ahead> {
  const { model, scaler, series, timesteps } = forecaster;
  const end = series.values.subarray(series.values.length - timesteps);
  const window = Array.from(scaler.transform({ data: end, shape: [timesteps, 1] }).data);
  const said: number[] = [];
  while (said.length < count) {
    const output = tf.tidy(() => {
      const x = tf.tensor(Float32Array.from(window.slice(-timesteps)), [1, timesteps, 1]);
      return model.predict(x) as tf.Tensor;
    });
    const next = await output.data();
    output.dispose();
    said.push(...next);
    window.push(...next);
  }
  const values = unscaled(Float64Array.from(said.slice(0, count)), scaler);
  return { at: labelsAhead(series, count), values };
}

function unscaled(data: Float64Array, scaler: MinMaxScaler): number[] {
  return Array.from(scaler.inverseTransform({ data, shape: [data.length, 1] }).data);
}

/** The series cut for a model that is there already, scaled by its own **scaler**. */
export function preparedFor(
  series: Series,
  timesteps: number,
  scaler: MinMaxScaler | null,
): PreparedSeries {
  const prepared = prepareSeries(series, timesteps);
  if (!scaler) return prepared;
  const own = prepared.scaler;
  const shift = <P extends PreparedSeries["train"]>(part: P): P => ({
    ...part,
    x: rescaled(part.x, own, scaler),
    y: rescaled(part.y, own, scaler),
  });
  return { ...prepared, scaler, train: shift(prepared.train), test: shift(prepared.test) };
}

function rescaled(
  array: PreparedSeries["train"]["x"],
  from: MinMaxScaler,
  to: MinMaxScaler,
): PreparedSeries["train"]["x"] {
  const column = { data: Float64Array.from(array.data), shape: [array.data.length, 1] };
  const { data } = to.transform(from.inverseTransform(column));
  return { data, shape: array.shape };
}
