// Training on: a model that is there, its sizes and its scale, on what the settings choose.

import { compileOwning, lossOf } from "@rnnkit/benchmarks/forecasting/forecaster-model";
import { adam, rmsprop } from "@rnnkit/keras-builders";
import { dispose, type Optimizer, type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Settings } from "../app/settings.ts";
import { columnNames, cutFor, type Forecaster } from "./forecaster.ts";
import type { Running } from "./learning.ts";
import type { GivenFiles } from "./messages.ts";
import type { Trained } from "./open-model.ts";
import { chosenSeries } from "./series-source.ts";

/** What keras-builders' optimizers say of their step size. */
type Rated = Optimizer & { learningRate: number; learningRateSchedule?: unknown };

/** The step size that a model's optimizer has; null where it has none, or one that follows a schedule. */
export function rateOf({ optimizer }: LayersModel): number | null {
  const { learningRate, learningRateSchedule } = (optimizer ?? {}) as Partial<Rated>;
  return learningRateSchedule === undefined ? (learningRate ?? null) : null;
}

/**
 * The forecaster on the settings' series. It keeps its scaler where the columns have the names of those that it
 * learnt from; the values of another series are scaled by their own range.
 *
 * @throws UsageError for a series that is too short
 */
export function onSeries(
  forecaster: Forecaster,
  settings: Settings,
  files: GivenFiles,
): Forecaster {
  const series = chosenSeries(settings, files);
  const columns = columnNames(series);
  const { layout } = forecaster;
  if (columns.length !== layout.features) {
    throw new Error(`expected ${layout.features} columns, got ${columns.join(", ")}`);
  }
  const isOwn = String(columns) === String(forecaster.columns);
  const cut = cutFor(series, layout, isOwn ? forecaster.scaler : null);
  return { ...forecaster, ...cut, columns };
}

/** Makes a model ready to learn at the settings' step size; its optimizer goes on from where it was, if it has one. */
export function readied(trained: Trained, settings: Settings): void {
  const { model } = trained;
  if (!model.optimizer) compileAnew(trained, settings);
  else if (rateOf(model) !== null) (model.optimizer as Rated).learningRate = settings.rate;
}

/** Compiled for what it was, or as the page compiles its own, with the page's optimizer before its first step. */
function compileAnew(trained: Trained, { rate: learningRate }: Settings): void {
  const { model } = trained;
  model.optimizer?.dispose();
  const [optimizer, loss, metrics] =
    trained.kind === "forecaster"
      ? [adam({ learningRate }), lossOf(trained.layout), []]
      : [rmsprop({ learningRate }), "binaryCrossentropy", ["acc"]];
  compileOwning(model, {
    optimizer,
    loss: model.loss ?? loss,
    metrics: (model.metrics ?? metrics) as string[],
  });
}

/**
 * Does **work**, which changes the model's weights; where it fails they are what they were before, not judged yet,
 * and the optimizer begins anew.
 */
export async function keptUnlessDone<T>(
  trained: Trained,
  settings: Settings,
  { tell }: Pick<Running, "tell">,
  work: () => Promise<T>,
): Promise<T> {
  const { model } = trained;
  const before = await Promise.all(
    model.getWeights().map(async (weight: Tensor) => ({
      values: (await weight.data()).slice(),
      ...{ shape: weight.shape, dtype: weight.dtype },
    })),
  );
  try {
    return await work();
  } catch (error) {
    const weights = before.map(({ values, shape, dtype }) => tensor(values, shape, dtype));
    model.setWeights(weights);
    dispose(weights);
    compileAnew(trained, settings);
    tell({ event: "predictions", predictions: null });
    throw error;
  }
}
