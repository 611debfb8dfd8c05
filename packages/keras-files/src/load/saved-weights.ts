import { shown as shownShape } from "@rnnkit/core-rnn";
import { getBackend, type Tensor, tensor, Variable } from "@tensorflow/tfjs-core";
import type { LayersModel, LayerVariable, layers } from "@tensorflow/tfjs-layers";
import type { Hdf5, Hdf5Dataset } from "../hdf5/file.ts";
import { shownName } from "../keras/limits.ts";
import { layersOf, varsGroups, weightPaths } from "../keras/weight-paths.ts";
import { type CudnnConversion, cudnnConversions } from "./cudnn-weights.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** A variable and what a file says that it holds. */
export interface SavedWeight {
  variable: LayerVariable;
  dataset: Hdf5Dataset;
  /** What makes the dataset's values the variable's; absent: they are. */
  convert?: CudnnConversion;
}

/**
 * Which dataset belongs to which variable of **model**: of a Keras 3 weights file by path, of a legacy
 * file by order. Nothing is read but sizes.
 *
 * @throws if a weight is missing, has another shape, or if there are more.
 */
export function savedWeights(who: string, model: LayersModel, file: Hdf5): SavedWeight[] {
  const root = file.groups.has("model_weights") ? "model_weights" : "";
  const pairs = textList(file, root, "layer_names")
    ? legacyWeights(who, model, file, root)
    : keras3Weights(who, model, file);
  for (const { variable, dataset, convert } of pairs) {
    if (!convert && `${variable.shape}` !== `${dataset.shape}`) {
      throw new Error(
        `${who}: expected ${dataset.path} of shape ${shownShape(variable.shape)}, got ${shownShape(dataset.shape)}`,
      );
    }
  }
  return pairs;
}

/** What a weights file holds beside the weights: optimizer, random states of dropout, metrics. */
const isState = (path: string): boolean =>
  path.startsWith("optimizer/") || !path.startsWith("layers/") || path.includes("/seed_generator/");

function keras3Weights(who: string, model: LayersModel, file: Hdf5): SavedWeight[] {
  const saved = byKeras3Path(file);
  const pairs = weightPaths(model).map(({ path, variable }) => {
    const dataset = saved.get(path);
    if (dataset) return { variable, dataset };
    throw new Error(
      `${who}: expected ${path} of shape ${shownShape(variable.shape)}, got a file without it`,
    );
  });
  const known = new Set(pairs.map(({ dataset }) => dataset.path));
  const extra = [...saved].find(([path, { path: own }]) => !known.has(own) && !isState(path))?.[0];
  if (extra !== undefined) {
    const { shape } = saved.get(extra)!;
    throw new Error(
      `${who}: expected the ${pairs.length} weights of ${shownName(model.name)}, got also ${shownName(extra)} of shape ${shownShape(shape)}`,
    );
  }
  return pairs;
}

/**
 * The datasets under Keras 3's paths. TensorFlow 2.12 put the layers into `_layer_checkpoint_dependencies`, and
 * on Windows up to 2.15 a part of a path was not a group but a name with backslashes.
 */
function byKeras3Path(file: Hdf5): ReadonlyMap<string, Hdf5Dataset> {
  return new Map(
    [...file.datasets].map(([path, dataset]) => [
      path.replaceAll("\\", "/").replace(/^_layer_checkpoint_dependencies\//, "layers/"),
      dataset,
    ]),
  );
}

function legacyWeights(who: string, model: LayersModel, file: Hdf5, root: string): SavedWeight[] {
  const inside = (path: string) => (root ? `${root}/${path}` : path);
  const saved = (textList(file, root, "layer_names") ?? [])
    .map((name) => ({ name, weights: textList(file, inside(name), "weight_names") ?? [] }))
    .filter(({ weights }) => weights.length > 0);
  const own = layersOf(model).filter((layer) => layer.weights.length > 0);
  if (saved.length !== own.length) {
    throw new Error(
      `${who}: expected ${own.length} layers with weights (${list(own.map(({ name }) => name))}), got ${saved.length} (${list(saved.map(({ name }) => name))})`,
    );
  }
  return own.flatMap((layer, i) => {
    const { name, weights } = saved[i]!;
    const variables = legacyOrder(layer);
    if (weights.length !== variables.length) {
      throw new Error(
        `${who}: expected ${variables.length} weights of ${shownName(name)}, got ${weights.length}`,
      );
    }
    const pairs = variables.map((variable, j): SavedWeight => {
      const path = inside(`${name}/${weights[j]}`);
      const dataset = file.datasets.get(path);
      if (dataset) return { variable, dataset };
      throw new Error(`${who}: expected a dataset ${shownName(path)}, got a file without it`);
    });
    return withCudnn(layer, pairs);
  });
}

/** Those of a CuDNNLSTM or CuDNNGRU are known by the length of the bias, as Keras knows them. */
function withCudnn(layer: Layer, pairs: SavedWeight[]): SavedWeight[] {
  const byVariable = new Map(pairs.map((pair) => [pair.variable, pair]));
  for (const { name, variables } of varsGroups(layer)) {
    const own = variables.map((variable) => byVariable.get(variable));
    const convert = cudnnConversions(
      name,
      variables.map(({ shape }) => shape as number[]),
      own.map((pair) => pair?.dataset.shape ?? []),
    );
    for (const [i, each] of (convert ?? []).entries()) own[i]!.convert = each;
  }
  return pairs;
}

/** Trainable ones first, each part's own in their order. */
function legacyOrder(layer: Layer): LayerVariable[] {
  return [...layer.trainableWeights, ...layer.nonTrainableWeights];
}

/** A list of names, which Keras splits into name0, name1, ... where it is long. */
export function textList(file: Hdf5, group: string, attribute: string): string[] | undefined {
  if (!file.groups.has(group)) return undefined;
  const whole = file.text(group, attribute);
  if (whole !== undefined) return [whole].flat();
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = file.text(group, `${attribute}${i}`);
    if (part === undefined) return i === 0 ? undefined : parts;
    parts.push(...[part].flat());
  }
}

const list = (words: string[]): string => words.slice(0, 10).map(shownName).join(", ");

/** Reads weights and assigns them one after another, so that only one is held twice. */
export function assignOneByOne(weights: readonly SavedWeight[]): void {
  // tfjs's wasm backend copies what it is given, so that one buffer does for all.
  const sizes = weights.map(({ variable }) => sizeOf(variable));
  const buffer = getBackend() === "wasm" ? new Float32Array(Math.max(0, ...sizes)) : undefined;
  for (const weight of weights) assign(weight, tensorOf(weight, buffer));
}

const sizeOf = ({ shape }: LayerVariable): number =>
  shape.reduce<number>((size, n) => size * n!, 1);

/** Reads all weights and then assigns them: all or none. */
export function assignAll(weights: readonly SavedWeight[]): void {
  const values: Tensor[] = [];
  try {
    for (const weight of weights) values.push(tensorOf(weight));
  } catch (error) {
    for (const value of values) value.dispose();
    throw error;
  }
  for (const [i, weight] of weights.entries()) assign(weight, values[i]!);
}

function tensorOf({ variable, dataset, convert }: SavedWeight, buffer?: Float32Array): Tensor {
  const values = convert ? convert(dataset.read()) : dataset.read(buffer);
  return tensor(values, variable.shape as number[], "float32");
}

/** As it is: constraints hold updates, not what a file says. */
function assign({ variable }: SavedWeight, value: Tensor): void {
  Variable.prototype.assign.call(variable.read() as Variable, value);
  value.dispose();
}
