import type { LayersModel, LayerVariable } from "@tensorflow/tfjs-layers";
import { zipSync } from "fflate";
import { type Hdf5Writer, hdf5Bytes } from "../hdf5/writer.ts";
import { type HeldTensors, heldTensors } from "../held-tensors.ts";
import type { JsonObject } from "../keras/json-text.ts";
import { type VarsGroup, varsGroups } from "../keras/weight-paths.ts";
import { kerasJson } from "./keras-json.ts";
import { kerasVersion, writeLegacy } from "./keras-legacy.ts";
import { writeWeights } from "./keras-weights.ts";
import type { KerasFormat } from "./save-format.ts";
import { type Compiled, kerasCompiled } from "./to-keras-compile.ts";
import type { ToKeras } from "./to-keras-config.ts";
import { kerasModel } from "./to-keras-model.ts";

/** Options of saveWeights. */
export interface SaveWeightsOptions {
  /**
   * Whether what the model was compiled with goes into the file: loss, metrics, the optimizer and its
   * state. Default *true*; *false* saves a model that has to be compiled before it is trained on.
   */
  includeOptimizer?: boolean;
}

/** Options of saveKerasModel. */
export interface SaveKerasModelOptions extends SaveWeightsOptions {
  /** *keras* or *h5*. Default: what the path ends in, else *keras*. */
  format?: KerasFormat;
  /**
   * What custom layers are registered under in Python, class name to `package>Class`: their config
   * goes out as it is, in snake case. Default: none, and a class that Keras does not know is refused.
   */
  registeredNames?: Readonly<Record<string, string>>;
}

/** What SaveWeightsOptions has. */
export const saveWeightsNames: readonly string[] = ["includeOptimizer"];
/** What SaveKerasModelOptions has. */
export const saveModelNames: readonly string[] = ["format", ...saveWeightsNames, "registeredNames"];

/** A model file as bytes, not yet written anywhere. */
export async function kerasBytes(
  model: LayersModel,
  format: KerasFormat,
  options: SaveKerasModelOptions = {},
): Promise<Uint8Array> {
  const { includeOptimizer = true, registeredNames = {} } = options;
  const to: ToKeras = { legacy: format === "h5", registeredNames, model: kerasModel };
  const serialized = kerasModel(model, to);
  const groups = varsGroups(model);
  const compiled = includeOptimizer ? kerasCompiled(model, trainableOf(model, groups)) : undefined;
  if (format === "h5") {
    return heldBytes(groups, compiled, (file, held) =>
      writeLegacy(file, model, serialized, compiled, held),
    );
  }
  if (compiled) serialized.compile_config = compileConfig(compiled);
  const weights = await heldBytes(groups, compiled, (file, held) =>
    writeWeights(file, groups, compiled, held),
  );
  const json = (value: JsonObject) => new TextEncoder().encode(kerasJson(value));
  return zipSync(
    {
      "metadata.json": json({ keras_version: kerasVersion, date_saved: now() }),
      "config.json": json(serialized),
      "model.weights.h5": weights,
    },
    { level: 0 },
  );
}

/** A `.weights.h5` file as bytes; the optimizer's state is in it, as Keras 3 keeps it there. */
export async function weightsBytes(
  model: LayersModel,
  { includeOptimizer = true }: SaveWeightsOptions = {},
): Promise<Uint8Array> {
  if (!model.inputs?.length) throw new Error(`${model.name}: expected a built model`);
  const groups = varsGroups(model);
  const compiled = includeOptimizer ? kerasCompiled(model, trainableOf(model, groups)) : undefined;
  return heldBytes(groups, compiled, (file, held) => writeWeights(file, groups, compiled, held));
}

/** A file of what weights and the optimizer's variables hold now, however long it takes to write. */
async function heldBytes(
  groups: readonly VarsGroup[],
  compiled: Compiled | undefined,
  write: (file: Hdf5Writer, held: HeldTensors) => Promise<void>,
): Promise<Uint8Array> {
  const held = heldTensors();
  try {
    for (const { variables } of groups) for (const each of variables) held.hold(each.read());
    for (const { value } of compiled?.slots ?? []) if (value) held.hold(value);
    return await hdf5Bytes((file) => write(file, held));
  } finally {
    held.release();
  }
}

function trainableOf(model: LayersModel, groups: readonly VarsGroup[]): LayerVariable[] {
  const trainable = new Set(model.trainableWeights);
  return groups.flatMap(({ variables }) => variables.filter((weight) => trainable.has(weight)));
}

function compileConfig({ config, optimizer }: Compiled): JsonObject {
  return {
    optimizer: {
      ...{ module: "keras.optimizers", class_name: optimizer.className },
      ...{ config: optimizer.config, registered_name: null },
    },
    ...config,
  };
}

/** 2026-11-23@05:26:54, by the clock on the wall. */
function now(): string {
  const at = new Date();
  const two = (n: number) => `${n}`.padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day}@${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}
