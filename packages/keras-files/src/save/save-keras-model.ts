import type { LayersModel } from "@tensorflow/tfjs-layers";
import { writeAtomically } from "../disk/atomic-write.ts";
import { checkSaving } from "../model-argument.ts";
import {
  kerasBytes,
  type SaveKerasModelOptions,
  type SaveWeightsOptions,
  saveModelNames,
  saveWeightsNames,
  weightsBytes,
} from "./keras-bytes.ts";
import { checkWeightsPath, formatOf } from "./save-format.ts";

/**
 * Saves a Sequential or functional model as Keras 3 saves it, for `keras.saving.load_model`: layers,
 * weights, and what it was compiled with, so that Adam, RMSprop and SGD go on there where they stopped
 * here. To **path**, or without one as bytes.
 *
 * **format** *keras* is a `.keras` file, *h5* the older HDF5 file; default: what the path ends in, and
 * *keras* for bytes. An `.h5` file's optimizer state is written as Keras writes it, but Keras 3.15.1
 * does not find its way back into it: compile the model anew to train it there. A file is written beside **path** first and then takes its name: a crash or a full
 * disk leaves what was there. What stood there gives its permissions, and a symbolic link its target.
 *
 * Saved are the layers of @rnnkit/keras-builders and those of tfjs-layers that give Keras's numbers.
 *
 * Reference: https://keras.io/guides/serialization_and_saving/
 *
 * @throws before anything is written: for a model that is not built, a layer that Keras does not know
 * (see **registeredNames**), tfjs-layers' own hardSigmoid, another optimizer, a loss without a name
 * (see **includeOptimizer**), or a path that ends in no known way.
 * @example
 * await saveKerasModel(model, "sentiment.keras");
 */
export function saveKerasModel(
  model: LayersModel,
  path: string,
  options?: SaveKerasModelOptions,
): Promise<void>;
export function saveKerasModel(
  model: LayersModel,
  path?: undefined,
  options?: SaveKerasModelOptions,
): Promise<Uint8Array>;
export async function saveKerasModel(
  model: LayersModel,
  path?: string,
  options: SaveKerasModelOptions = {},
): Promise<unknown> {
  checkSaving("saveKerasModel", model, path, options, saveModelNames);
  const bytes = await kerasBytes(model, formatOf(path, options.format), options);
  if (path === undefined) return bytes;
  return writeAtomically(path, [bytes]);
}

/**
 * Saves a model's weights, and its optimizer's state, for Keras's `model.load_weights`: to **path**,
 * which ends in `.weights.h5`, or without one as bytes. Written as {@link saveKerasModel} writes.
 *
 * @throws as {@link saveKerasModel}, but for layers: any class has weights.
 * @example
 * await saveWeights(model, "sentiment.weights.h5");
 */
export function saveWeights(
  model: LayersModel,
  path: string,
  options?: SaveWeightsOptions,
): Promise<void>;
export function saveWeights(
  model: LayersModel,
  path?: undefined,
  options?: SaveWeightsOptions,
): Promise<Uint8Array>;
export async function saveWeights(
  model: LayersModel,
  path?: string,
  options: SaveWeightsOptions = {},
): Promise<unknown> {
  checkSaving("saveWeights", model, path, options, saveWeightsNames);
  if (path !== undefined) checkWeightsPath(path);
  const bytes = await weightsBytes(model, options);
  if (path === undefined) return bytes;
  return writeAtomically(path, [bytes]);
}
