// Model files as Keras 2 wrote them, made here: a config, weights by name, and the version that wrote them.

import { zipSync } from "fflate";
import { hdf5Bytes } from "../hdf5/writer.ts";
import { fill } from "../saved-models.fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: Keras's configs are open-ended JSON.
export type Json = any;

/** A layer as Keras 2 serializes it, and its weights: name and shape, or name, shape and values. */
export interface AgedLayer {
  className: string;
  config: Record<string, Json>;
  weights?: [name: string, shape: number[], values?: ArrayLike<number>][];
}

/** What Keras 2 says of a model. */
export interface AgedModel {
  /** undefined: the file does not say. */
  version: string | undefined;
  layers: AgedLayer[];
  /** How the layers stand in the file. Default: a Sequential of Keras 2.3 or later. */
  model?(layers: Json[]): Json;
}

/** `tf.keras` after 2.3. */
const sequentialOf = (layers: Json[]): Json => ({
  class_name: "Sequential",
  config: { name: "sequential", layers },
});

const serialized = ({ layers, model = sequentialOf }: AgedModel): Json =>
  model(layers.map(({ className, config }) => ({ class_name: className, config })));

/** The values of a weight that are not given: the same in every run, other for each weight. */
export const valuesOf = (layer: number, weight: number, shape: number[]): Float32Array =>
  fill(shape, 3 * layer + weight);

/** A whole-model `.h5`. **text** is its config where JSON cannot say it. */
export function agedH5(aged: AgedModel, text?: string): Promise<Uint8Array> {
  return hdf5Bytes((file) => {
    file.bytes("", "model_config", text ?? JSON.stringify(serialized(aged)));
    if (aged.version !== undefined) file.bytes("", "keras_version", aged.version);
    file.bytes("", "backend", "tensorflow");
    writeWeights(file, "model_weights", aged);
  });
}

/** What `save_weights("x.h5")` wrote. */
export function agedWeights(aged: AgedModel): Promise<Uint8Array> {
  return hdf5Bytes((file) => writeWeights(file, "", aged));
}

type Writer = Parameters<Parameters<typeof hdf5Bytes>[0]>[0];

function writeWeights(file: Writer, root: string, { layers }: AgedModel): void {
  const inside = (path: string) => (root ? `${root}/${path}` : path);
  file.bytesList(
    root,
    "layer_names",
    layers.map(({ config }) => config.name),
  );
  for (const [i, { config, weights = [] }] of layers.entries()) {
    const group = inside(config.name);
    file.bytesList(
      group,
      "weight_names",
      weights.map(([name]) => `${config.name}/${name}:0`),
    );
    for (const [j, [name, shape, values]] of weights.entries()) {
      const data = values ? Float32Array.from(values) : valuesOf(i, j, shape);
      file.dataset(`${group}/${config.name}/${name}:0`, data, shape);
    }
  }
}

/** A `.keras` of TensorFlow 2.12 to 2.15; **separator** is what Windows made of its paths. */
export async function agedKeras(
  aged: AgedModel & { paths: string[] },
  separator = "/",
): Promise<Uint8Array> {
  const weights = aged.layers.flatMap(({ weights: own = [] }, i) =>
    own.map(([, shape, values], j) => ({
      shape,
      data: values ? Float32Array.from(values) : valuesOf(i, j, shape),
    })),
  );
  const file = await hdf5Bytes((writer) => {
    for (const [i, { shape, data }] of weights.entries()) {
      const [owner, index] = [aged.paths[i]!.replace(/\/(\d+)$/, ""), /\d+$/.exec(aged.paths[i]!)];
      writer.dataset(`${owner.replaceAll("/", separator)}/${index![0]}`, data, shape);
    }
  });
  const json = (value: Json) => new TextEncoder().encode(JSON.stringify(value));
  return zipSync(
    {
      "metadata.json": json({ keras_version: aged.version, date_saved: "2023-05-01@10:00:00" }),
      "config.json": json({ module: "keras", ...serialized(aged), registered_name: "Sequential" }),
      "model.weights.h5": file,
    },
    { level: 0 },
  );
}

const initializer = (class_name: string) => ({ class_name, config: { seed: null } });

/** The config of a recurrent layer, as tf.keras 2 wrote it. */
export const recurrentConfig = (config: Record<string, Json>): Record<string, Json> => ({
  trainable: true,
  dtype: "float32",
  return_sequences: false,
  return_state: false,
  go_backwards: false,
  stateful: false,
  unroll: false,
  time_major: false,
  activation: "tanh",
  use_bias: true,
  kernel_initializer: initializer("GlorotUniform"),
  recurrent_initializer: { class_name: "Orthogonal", config: { gain: 1.0, seed: null } },
  bias_initializer: { class_name: "Zeros", config: {} },
  kernel_regularizer: null,
  recurrent_regularizer: null,
  bias_regularizer: null,
  activity_regularizer: null,
  kernel_constraint: null,
  recurrent_constraint: null,
  bias_constraint: null,
  dropout: 0.0,
  recurrent_dropout: 0.0,
  implementation: 1,
  ...config,
});

/** The config of a Dense, as tf.keras 2 wrote it. */
export const denseConfig = (config: Record<string, Json>): Record<string, Json> => ({
  trainable: true,
  dtype: "float32",
  activation: "linear",
  use_bias: true,
  kernel_initializer: initializer("GlorotUniform"),
  bias_initializer: { class_name: "Zeros", config: {} },
  kernel_regularizer: null,
  bias_regularizer: null,
  activity_regularizer: null,
  kernel_constraint: null,
  bias_constraint: null,
  ...config,
});
