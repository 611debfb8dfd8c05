import type { LayersModel, LayerVariable, layers } from "@tensorflow/tfjs-layers";
import type { Hdf5Writer } from "../hdf5/writer.ts";
import type { HeldTensors } from "../held-tensors.ts";
import type { JsonObject } from "../keras/json-text.ts";
import { layersOf, varsGroups } from "../keras/weight-paths.ts";
import { kerasJson } from "./keras-json.ts";
import { optimizerVariables, writeWeight } from "./keras-weights.ts";
import type { Compiled } from "./to-keras-compile.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** The version of Keras whose files these are. */
export const kerasVersion = "3.15.1";

/** What Keras would have been run by; only its weights' layouts would tell. */
const backend = "tensorflow";

interface NamedDataset {
  name: string;
  write(path: string): void | Promise<void>;
}

/** A whole model in the older HDF5 format: config as an attribute, a group of named weights a layer. */
export async function writeLegacy(
  file: Hdf5Writer,
  model: LayersModel,
  serialized: JsonObject,
  compiled: Compiled | undefined,
  held: HeldTensors,
): Promise<void> {
  const own = model.getClassName() === "Sequential" ? [model.name] : [];
  const names = new Map<LayerVariable, string>();
  const layers = layersOf(model);
  file.text("", "backend", backend);
  file.text("", "keras_version", kerasVersion);
  file.bytes("", "model_config", kerasJson(serialized));
  file.bytes("model_weights", "backend", backend);
  file.bytes("model_weights", "keras_version", kerasVersion);
  file.bytesList(
    "model_weights",
    "layer_names",
    layers.map(({ name }) => name),
  );
  const trainable = new Set(model.trainableWeights);
  for (const layer of [...layers].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const weights = legacyWeights(layer, [...own, layer.name], trainable);
    for (const { weight, name } of weights) names.set(weight, name);
    await writeNamed(
      file,
      `model_weights/${layer.name}`,
      weights.map(({ weight, name }) => ({
        name,
        write: (path) => writeWeight(file, path, weight, held),
      })),
    );
  }
  await writeNamed(file, "model_weights/top_level_model_weights", []);
  if (!compiled) return;
  const { className: class_name, config } = compiled.optimizer;
  const training = { ...compiled.config, optimizer_config: { class_name, config } };
  file.bytes("", "training_config", kerasJson(training));
  await writeNamed(
    file,
    "optimizer_weights",
    optimizerVariables(compiled, held).map(({ kind, weight, write }) => ({
      name: `${config.name}/${weight ? `${names.get(weight)!.replaceAll("/", "_")}_` : ""}${kind}`,
      write: (path) => write(file, path),
    })),
  );
}

/** A layer's weights as the format orders them: trainable ones first. */
function legacyWeights(
  layer: Layer,
  scope: readonly string[],
  trainable: ReadonlySet<LayerVariable>,
): { weight: LayerVariable; name: string }[] {
  const all = varsGroups(layer, scope).flatMap((group) =>
    group.variables.map((weight) => ({
      weight,
      name: [...group.scope, weight.originalName.split("/").at(-1)!].join("/"),
    })),
  );
  return [
    ...all.filter(({ weight }) => trainable.has(weight)),
    ...all.filter(({ weight }) => !trainable.has(weight)),
  ];
}

/** Datasets under their names, which the group lists in order. */
async function writeNamed(
  file: Hdf5Writer,
  path: string,
  datasets: readonly NamedDataset[],
): Promise<void> {
  const used = new Set<string>();
  const unique = datasets.map(({ name }) => {
    let free = name;
    for (let i = 1; used.has(free); i++) free = `${name}_${i}`;
    used.add(free);
    return free;
  });
  file.bytesList(path, "weight_names", unique);
  for (const [i, { write }] of datasets.entries()) await write(`${path}/${unique[i]}`);
}
