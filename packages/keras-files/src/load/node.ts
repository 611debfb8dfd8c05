import type { LayersModel } from "@tensorflow/tfjs-layers";
import {
  type LoadKerasModelOptions,
  type LoadWeightsOptions,
  loadModelFrom,
  loadWeightsFrom,
} from "./load-keras-model.ts";
import type { ModelSource } from "./model-source.ts";
import { readPath } from "./node-path.ts";

/**
 * Opens a model that Keras saved: a `.keras` file, or a legacy whole-model `.h5`, told apart by their
 * bytes. Layers are this project's, so predictions and training have Keras's numbers; the model is
 * compiled as it was, with the optimizer's state.
 *
 * The file is untrusted input: nothing in it is run, sizes are checked before memory is taken, what it may
 * cost is bounded, and an error leaves nothing behind.
 *
 * @throws for files that are cut off or broken, a transfer that breaks or stalls, layers that are not known (**customObjects** is the way
 * out), options of layers that tfjs cannot do, Lambda layers, and weights that do not fit.
 * @example
 * const model = await loadKerasModel("model.keras");
 */
export function loadKerasModel(
  source: ModelSource,
  options: LoadKerasModelOptions = {},
): Promise<LayersModel> {
  return loadModelFrom(source, options, readPath);
}

/**
 * Loads a Keras `.weights.h5` file into a model that is built; of a `.keras` or legacy `.h5` file the
 * weights. Everything is checked before anything is assigned: all weights change or none.
 *
 * @throws if a weight is missing, has another shape or there are more, by path, and for broken files.
 * @example
 * await loadWeights(model, "model.weights.h5");
 */
export function loadWeights(
  model: LayersModel,
  source: ModelSource,
  options: LoadWeightsOptions = {},
): Promise<void> {
  return loadWeightsFrom(model, source, options, readPath);
}
