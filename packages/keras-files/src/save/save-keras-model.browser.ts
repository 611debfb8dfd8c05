import { shown } from "@rnnkit/core-rnn";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { checkSaving } from "../model-argument.ts";
import {
  kerasBytes,
  type SaveKerasModelOptions,
  type SaveWeightsOptions,
  saveModelNames,
  saveWeightsNames,
  weightsBytes,
} from "./keras-bytes.ts";
import { formatOf } from "./save-format.ts";

/**
 * Saves a model as Keras 3 saves it; see Node's function of this name. A page has no paths: it gets
 * the bytes, for a download or a request.
 *
 * @throws for a path, and as in Node.
 * @example
 * const file = new Blob([await saveKerasModel(model)]);
 */
export async function saveKerasModel(
  model: LayersModel,
  path?: undefined,
  options: SaveKerasModelOptions = {},
): Promise<Uint8Array> {
  refusePath("saveKerasModel", path);
  checkSaving("saveKerasModel", model, path, options, saveModelNames);
  return kerasBytes(model, formatOf(undefined, options.format), options);
}

/**
 * Saves a model's weights for Keras's `model.load_weights`, as bytes.
 *
 * @throws for a path, and as in Node.
 */
export async function saveWeights(
  model: LayersModel,
  path?: undefined,
  options: SaveWeightsOptions = {},
): Promise<Uint8Array> {
  refusePath("saveWeights", path);
  checkSaving("saveWeights", model, path, options, saveWeightsNames);
  return weightsBytes(model, options);
}

function refusePath(who: string, path: unknown): void {
  // What is no path either is refused with what was meant.
  if (typeof path !== "string") return;
  throw new Error(`${who}: expected no path, for a page has no files to write, got ${shown(path)}`);
}
